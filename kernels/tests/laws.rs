//! Every device keeps every law.

use kernels::{laws, Cpu};

#[test]
fn the_cpu_keeps_the_laws() {
    if let Err(broken) = laws::check(&Cpu::new()) {
        panic!("{broken:?}");
    }
}
