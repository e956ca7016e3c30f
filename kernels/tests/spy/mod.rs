//! A device that writes down what it is asked for, and may get one operation wrong.

use std::sync::{Arc, Mutex};

use group::Group;
use kernels::{
    Backend, Bases, Cpu, DeviceInfo, Direction, Evaluate, Factors, Fr, G1Affine, G1Projective, G2Affine,
    G2Projective, Hash, Lane, Node, Parents, Result, Scalars,
};

/// Every operation of the trait, in its order there.
pub const OPERATIONS: [&str; 18] = [
    "hash",
    "tree",
    "columns",
    "columns_tree",
    "encode_tree",
    "label",
    "encode",
    "decode",
    "encode_scaled",
    "decode_scaled",
    "encode_scaled_tree",
    "ntt",
    "quotient",
    "msm_g1",
    "msm_g2",
    "multiples_g1",
    "multiples_g2",
    "products_g1",
];

/// The CPU, overheard.
#[derive(Debug, Default)]
pub struct Spy {
    cpu: Cpu,
    /// What it was asked for, in order.
    pub calls: Arc<Mutex<Vec<&'static str>>>,
    /// The operation whose last output it gets wrong.
    wrong: Option<&'static str>,
}

impl Spy {
    /// Gets the last output of every call of one operation wrong.
    pub fn wrong_in(operation: &'static str) -> Spy {
        Spy {
            wrong: Some(operation),
            ..Spy::default()
        }
    }

    /// Writes down the call, does it, and spoils the last output where this is the wrong operation.
    fn call<T>(
        &self,
        operation: &'static str,
        output: &mut [T],
        run: impl FnOnce(&Cpu, &mut [T]) -> Result<()>,
        spoil: impl FnOnce(&mut T),
    ) -> Result<()> {
        self.calls.lock().expect("no call panics").push(operation);
        run(&self.cpu, output)?;
        match output.last_mut() {
            Some(last) if self.wrong == Some(operation) => spoil(last),
            _ => {}
        }
        Ok(())
    }
}

fn flip(node: &mut Node) {
    node.0[0] ^= 1;
}

fn increase(element: &mut Fr) {
    *element += Fr::from(1);
}

impl Backend for Spy {
    fn info(&self) -> &DeviceInfo {
        self.cpu.info()
    }

    fn hash(&self, hash: Hash, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
        self.call(
            "hash",
            digests,
            |cpu, digests| cpu.hash(hash, preimages, digests),
            flip,
        )
    }

    fn tree(&self, hash: Hash, leaves: &[Node], above: &mut [Node]) -> Result<()> {
        self.call("tree", above, |cpu, above| cpu.tree(hash, leaves, above), flip)
    }

    fn columns(&self, layers: &[&[Node]], digests: &mut [Node]) -> Result<()> {
        self.call(
            "columns",
            digests,
            |cpu, digests| cpu.columns(layers, digests),
            flip,
        )
    }

    fn columns_tree(&self, layers: &[&[Node]], tree: &mut [Node]) -> Result<()> {
        self.call(
            "columns_tree",
            tree,
            |cpu, tree| cpu.columns_tree(layers, tree),
            flip,
        )
    }

    fn encode_tree(
        &self,
        key: &[Node],
        data: &mut [Node],
        n_discarded: usize,
        kept: &mut [Node],
    ) -> Result<()> {
        let run = |cpu: &Cpu, kept: &mut [Node]| cpu.encode_tree(key, data, n_discarded, kept);
        self.call("encode_tree", kept, run, flip)
    }

    fn label(&self, layer: u32, first: usize, parents: &[Parents], lanes: &mut [Lane<'_>]) -> Result<()> {
        let run = |cpu: &Cpu, lanes: &mut [Lane<'_>]| cpu.label(layer, first, parents, lanes);
        let last = first + parents.len() - 1;
        self.call("label", lanes, run, |lane| flip(&mut lane.labels[last]))
    }

    fn encode(&self, key: &[Node], data: &mut [Node]) -> Result<()> {
        self.call("encode", data, |cpu, data| cpu.encode(key, data), flip)
    }

    fn decode(&self, key: &[Node], replica: &mut [Node]) -> Result<()> {
        self.call("decode", replica, |cpu, replica| cpu.decode(key, replica), flip)
    }

    fn encode_scaled(&self, key: &[Node], factors: Factors<'_>, data: &mut [Node]) -> Result<()> {
        self.call(
            "encode_scaled",
            data,
            |cpu, data| cpu.encode_scaled(key, factors, data),
            flip,
        )
    }

    fn decode_scaled(&self, key: &[Node], factors: Factors<'_>, replica: &mut [Node]) -> Result<()> {
        self.call(
            "decode_scaled",
            replica,
            |cpu, replica| cpu.decode_scaled(key, factors, replica),
            flip,
        )
    }

    fn encode_scaled_tree(
        &self,
        key: &[Node],
        factors: Factors<'_>,
        data: &mut [Node],
        n_discarded: usize,
        kept: &mut [Node],
    ) -> Result<()> {
        let run =
            |cpu: &Cpu, kept: &mut [Node]| cpu.encode_scaled_tree(key, factors, data, n_discarded, kept);
        self.call("encode_scaled_tree", kept, run, flip)
    }

    fn ntt(&self, direction: Direction, values: &mut [Fr]) -> Result<()> {
        self.call("ntt", values, |cpu, values| cpu.ntt(direction, values), increase)
    }

    fn quotient(&self, a: &mut [Fr], b: &mut [Fr], c: Evaluate<'_>) -> Result<()> {
        self.call("quotient", a, |cpu, a| cpu.quotient(a, b, c), increase)
    }

    fn msm_g1(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G1Projective> {
        let mut sum = [G1Projective::identity()];
        let run = |cpu: &Cpu, sum: &mut [G1Projective]| {
            sum[0] = cpu.msm_g1(bases, scalars)?;
            Ok(())
        };
        self.call("msm_g1", &mut sum, run, |sum| *sum += G1Projective::generator())?;
        Ok(sum[0])
    }

    fn msm_g2(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G2Projective> {
        let mut sum = [G2Projective::identity()];
        let run = |cpu: &Cpu, sum: &mut [G2Projective]| {
            sum[0] = cpu.msm_g2(bases, scalars)?;
            Ok(())
        };
        self.call("msm_g2", &mut sum, run, |sum| *sum += G2Projective::generator())?;
        Ok(sum[0])
    }

    fn multiples_g1(&self, base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]) -> Result<()> {
        let run = |cpu: &Cpu, multiples: &mut [G1Affine]| cpu.multiples_g1(base, scalars, multiples);
        self.call("multiples_g1", multiples, run, |point| {
            *point = (G1Projective::from(&*point) + G1Projective::generator()).into();
        })
    }

    fn multiples_g2(&self, base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]) -> Result<()> {
        let run = |cpu: &Cpu, multiples: &mut [G2Affine]| cpu.multiples_g2(base, scalars, multiples);
        self.call("multiples_g2", multiples, run, |point| {
            *point = (G2Projective::from(&*point) + G2Projective::generator()).into();
        })
    }

    fn products_g1(&self, points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]) -> Result<()> {
        let run = |cpu: &Cpu, products: &mut [G1Affine]| cpu.products_g1(points, scalars, products);
        self.call("products_g1", products, run, |point| {
            *point = (G1Projective::from(&*point) + G1Projective::generator()).into();
        })
    }
}
