//! The device that does the arithmetic: it is held to the laws before it touches a sector.

use anyhow::{Context, Result};
use kernels::{laws, Backend, Cpu};

/// The device of this machine.
///
/// # Errors
/// When it breaks a law.
pub fn open() -> Result<Cpu> {
    lawful(Cpu::new())
}

fn lawful<D: Backend>(device: D) -> Result<D> {
    laws::quick(&device).with_context(|| {
        let info = device.info();
        format!(
            "the device {} ({}) computes wrongly, and nothing was done with it: its hardware or driver is faulty, or \
             this is a bug of lode-engine; use another machine, and please report it",
            info.name, info.model
        )
    })?;
    Ok(device)
}

#[cfg(test)]
mod tests {
    use kernels::{DeviceInfo, Node};

    use super::*;

    /// A device that forgets the key.
    struct Liar(Cpu);

    impl Backend for Liar {
        fn info(&self) -> &DeviceInfo {
            self.0.info()
        }

        fn encode(&self, _key: &[Node], _data: &mut [Node]) -> kernels::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_device_that_lies_is_not_opened() {
        assert!(open().is_ok());
        let error = format!("{:#}", lawful(Liar(Cpu::new())).map(drop).unwrap_err());
        for words in [
            "the device cpu",
            "computes wrongly",
            "encode of",
            "it must hold that",
        ] {
            assert!(error.contains(words), "{error}");
        }
    }
}
