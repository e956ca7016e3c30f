//! Transforms over the scalar field, on all threads and on one.

use anyhow::Result;
use bellperson::domain::EvaluationDomain;
use blstrs::Scalar as Fr;
use ec_gpu_gen::{fft_cpu::serial_fft, threadpool::Worker};
use ff::{Field, PrimeField};
use kernels::{Backend, Cpu, Direction};

use super::{contest, one_thread, peer, random_elements, timed, Row, Timed, Words};

/// Elements of a transform on all threads.
const N_ELEMENTS: usize = 1 << 20;

pub(super) fn ntt(rounds: usize) -> Result<Row> {
    let values = random_elements(N_ELEMENTS)?;
    let words = Words {
        stage: format!("NTT of 2^{}", N_ELEMENTS.ilog2()),
        peer: peer("bellperson"),
        note: "all threads".to_owned(),
    };
    let theirs = || {
        let mut domain = EvaluationDomain::from_coeffs(values.clone())?;
        let took = timed(|| Ok(domain.fft(&Worker::new(), &mut None)?))?.took;
        Ok(Timed {
            output: domain.into_coeffs(),
            took,
        })
    };
    let ours = || {
        let mut values = values.clone();
        let took = timed(|| Ok(Cpu::new().ntt(Direction::Forward, &mut values)?))?.took;
        Ok(Timed { output: values, took })
    };
    contest(words, rounds, theirs, ours)
}

pub(super) fn ntt_16(rounds: usize) -> Result<Row> {
    ntt_alone(rounds, 16)
}

pub(super) fn ntt_18(rounds: usize) -> Result<Row> {
    ntt_alone(rounds, 18)
}

pub(super) fn ntt_20(rounds: usize) -> Result<Row> {
    ntt_alone(rounds, 20)
}

pub(super) fn ntt_22(rounds: usize) -> Result<Row> {
    ntt_alone(rounds, 22)
}

/// On one thread, where bellperson has a transform of its own.
fn ntt_alone(rounds: usize, n_bits: u32) -> Result<Row> {
    let values = random_elements(1 << n_bits)?;
    let root = (n_bits..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let words = Words {
        stage: format!("NTT of 2^{n_bits}, one thread"),
        peer: peer("bellperson"),
        note: "1 thread; theirs is ec-gpu-gen's serial_fft, which bellperson calls".to_owned(),
    };
    let theirs = || {
        let mut values = values.clone();
        let took = timed(|| {
            serial_fft(&mut values, &root, n_bits);
            Ok(())
        })?
        .took;
        Ok(Timed { output: values, took })
    };
    let ours = || {
        let mut values = values.clone();
        let took = one_thread(|| timed(|| Ok(Cpu::new().ntt(Direction::Forward, &mut values)?)))??.took;
        Ok(Timed { output: values, took })
    };
    contest(words, rounds, theirs, ours)
}

pub(super) fn quotient(rounds: usize) -> Result<Row> {
    let a = random_elements(N_ELEMENTS)?;
    let b: Vec<Fr> = a.iter().rev().copied().collect();
    // The constraints hold: then the quotient is a polynomial, as in a proof.
    let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
    let words = Words {
        stage: format!("quotient of 2^{}", N_ELEMENTS.ilog2()),
        peer: peer("bellperson"),
        note: "all threads; theirs seven transforms, ours six, and C written where B was".to_owned(),
    };
    let theirs = || {
        let [mut a, b, c] = [&a, &b, &c].map(|values| EvaluationDomain::from_coeffs(values.clone()));
        let (worker, mut domains) = (Worker::new(), [b?, c?]);
        let a = a.as_mut().map_err(|error| anyhow::anyhow!("{error}"))?;
        let took = timed(|| {
            for domain in [&mut *a].into_iter().chain(&mut domains) {
                domain.ifft(&worker, &mut None)?;
                domain.coset_fft(&worker, &mut None)?;
            }
            a.mul_assign(&worker, &domains[0]);
            a.sub_assign(&worker, &domains[1]);
            a.divide_by_z_on_coset(&worker);
            Ok(a.icoset_fft(&worker, &mut None)?)
        })?
        .took;
        Ok(Timed {
            output: a.as_ref().to_vec(),
            took,
        })
    };
    let ours = || {
        let (mut a, mut b) = (a.clone(), b.clone());
        let fill = |values: &mut [Fr]| values.copy_from_slice(&c);
        let took = timed(|| Ok(Cpu::new().quotient(&mut a, &mut b, &fill)?))?.took;
        Ok(Timed { output: a, took })
    };
    contest(words, rounds, theirs, ours)
}
