//! Every device keeps every law, and nothing that is wrong gets past them or past a twin.

mod spy;

use kernels::{laws, Backend, Cpu, DeviceInfo, Error, Level, Node, Twin};
use spy::{Spy, OPERATIONS};

fn portable() -> Cpu {
    Cpu::at(Level::Portable).expect("every processor has it")
}

fn check(device: &dyn Backend) {
    if let Err(broken) = laws::check(device) {
        panic!("{}: {broken:?}", device.info().name);
    }
}

#[test]
fn the_cpu_keeps_the_laws() {
    for device in Cpu::all() {
        check(&device);
    }
}

#[test]
fn the_spy_knows_every_operation() {
    let source = include_str!("../src/backend.rs");
    let (_, operations) = source
        .split_once("pub trait Backend")
        .expect("the trait stands there");
    let names = operations
        .lines()
        .filter_map(|line| line.strip_prefix("    fn ")?.split('(').next());
    let names: Vec<&str> = names.filter(|name| !["info", "level"].contains(name)).collect();
    assert_eq!(names, OPERATIONS);
}

/// What the laws call reaches both devices as it is, not cut into smaller operations.
#[test]
fn a_twin_forwards_every_operation() {
    let (fast, trusted, alone) = (Spy::default(), Spy::default(), Spy::default());
    let (fast_calls, trusted_calls) = (fast.calls.clone(), trusted.calls.clone());
    check(&Twin::new(Box::new(fast), Box::new(trusted)));
    check(&alone);
    let expected = alone.calls.lock().expect("no call panics");
    for operation in OPERATIONS {
        assert!(expected.contains(&operation), "the laws forget {operation}");
    }
    assert_eq!(*fast_calls.lock().expect("no call panics"), *expected);
    assert_eq!(*trusted_calls.lock().expect("no call panics"), *expected);
}

#[test]
fn the_laws_catch_every_wrong_operation() {
    for laws in [laws::check, laws::quick] {
        for operation in OPERATIONS {
            let wrong = Spy::wrong_in(operation);
            let broken = laws(&wrong).expect_err(operation);
            assert_eq!(broken.operation, operation, "{broken}");
        }
    }
}

#[test]
fn the_quick_laws_reach_every_operation() {
    let spy = Spy::default();
    laws::quick(&spy).expect("the CPU keeps them");
    let calls = spy.calls.lock().expect("no call panics");
    for operation in OPERATIONS {
        assert!(calls.contains(&operation), "the quick laws forget {operation}");
    }
}

#[test]
fn a_twin_catches_every_wrong_operation() {
    for operation in OPERATIONS {
        let wrong = Spy::wrong_in(operation);
        let broken = laws::check(&Twin::new(Box::new(wrong), Box::<Cpu>::default())).expect_err(operation);
        assert_eq!(broken.operation, operation, "{broken}");
        match broken.source {
            Some(Error::Differs { operation: named, .. }) => assert_eq!(named, operation),
            other => panic!("{operation}: {other:?}"),
        }
    }
}

/// A device that finds nothing wrong with anything.
#[derive(Debug, Default)]
struct Lenient(Cpu);

impl Backend for Lenient {
    fn info(&self) -> &DeviceInfo {
        self.0.info()
    }

    fn encode(&self, _key: &[Node], _data: &mut [Node]) -> kernels::Result<()> {
        Ok(())
    }
}

#[test]
fn a_twin_tells_when_one_device_fails_alone() {
    let mut data = [Node([0xff; 32])];
    let twin = Twin::new(Box::<Lenient>::default(), Box::new(portable()));
    match twin.encode(&[Node::ZERO], &mut data) {
        Err(Error::FailsAlone {
            operation,
            device,
            source,
        }) => {
            assert_eq!((operation, device.as_str()), ("encode", "cpu, portable"));
            assert!(
                matches!(
                    *source,
                    Error::NotCanonical {
                        what: "data",
                        index: 0
                    }
                ),
                "{source}"
            );
        }
        other => panic!("{other:?}"),
    }
    let twin = Twin::new(Box::new(Cpu::new()), Box::new(portable()));
    let refused = twin.encode(&[Node::ZERO], &mut data);
    assert!(
        matches!(
            refused,
            Err(Error::NotCanonical {
                what: "data",
                index: 0
            })
        ),
        "{refused:?}"
    );
}
