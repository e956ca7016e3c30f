//! Two devices that do the same work, each held against the other.

use crate::{
    Backend, Bases, DeviceInfo, Direction, Error, Evaluate, Factors, Fr, G1Affine, G1Projective, G2Affine,
    G2Projective, Hash, Lane, Node, Parents, Result, Scalars,
};

/// A fast device, watched by a trusted one: every operation runs on both, and what differs is an error.
///
/// It takes the time of both and, for what an operation writes, twice the memory. What comes out is the
/// trusted device's.
pub struct Twin {
    fast: Box<dyn Backend>,
    trusted: Box<dyn Backend>,
    info: DeviceInfo,
}

impl Twin {
    /// Holds `fast` to what `trusted` does.
    pub fn new(fast: Box<dyn Backend>, trusted: Box<dyn Backend>) -> Twin {
        let (watched, by) = (fast.info(), trusted.info());
        let info = DeviceInfo {
            name: format!("{}, held against {}", watched.name, by.name),
            model: watched.model.clone(),
            native: watched.native,
        };
        Twin { fast, trusted, info }
    }

    /// Runs an operation that overwrites `output`, which holds nothing the operation reads.
    fn write<T: Clone + PartialEq>(
        &self,
        operation: &'static str,
        output: &mut [T],
        run: impl Fn(&dyn Backend, &mut [T]) -> Result<()>,
    ) -> Result<()> {
        let fast = run(&*self.fast, output);
        let found = output.to_vec();
        self.agree(operation, fast, run(&*self.trusted, output))?;
        same(operation, &found, output)
    }

    /// Runs an operation that turns its inputs into its outputs.
    fn turn<T: Clone + PartialEq, const N: usize>(
        &self,
        operation: &'static str,
        slices: [&mut [T]; N],
        run: impl Fn(&dyn Backend, [&mut [T]; N]) -> Result<()>,
    ) -> Result<()> {
        let mut copies = slices.each_ref().map(|slice| slice.to_vec());
        let fast = run(&*self.fast, copies.each_mut().map(Vec::as_mut_slice));
        let mut slices = slices;
        let trusted = run(&*self.trusted, slices.each_mut().map(|slice| &mut **slice));
        self.agree(operation, fast, trusted)?;
        // Where there are several, all but the first hold nothing of use.
        same(operation, &copies[0], slices[0])
    }

    /// Runs an operation that turns `nodes` into their outputs and overwrites `output`. Positions count through
    /// the first, then through the second.
    fn turn_and_write(
        &self,
        operation: &'static str,
        nodes: &mut [Node],
        output: &mut [Node],
        run: impl Fn(&dyn Backend, &mut [Node], &mut [Node]) -> Result<()>,
    ) -> Result<()> {
        let (mut turned, mut written) = (nodes.to_vec(), output.to_vec());
        let fast = run(&*self.fast, &mut turned, &mut written);
        self.agree(operation, fast, run(&*self.trusted, nodes, output))?;
        same(
            operation,
            &[turned, written].concat(),
            &[&*nodes, &*output].concat(),
        )
    }

    /// Runs an operation that answers with one value.
    fn answer<T: PartialEq>(
        &self,
        operation: &'static str,
        run: impl Fn(&dyn Backend) -> Result<T>,
    ) -> Result<T> {
        let (fast, trusted) = self.agree(operation, run(&*self.fast), run(&*self.trusted))?;
        same(
            operation,
            std::slice::from_ref(&fast),
            std::slice::from_ref(&trusted),
        )?;
        Ok(trusted)
    }

    /// Both succeed, or both refuse the same.
    fn agree<T>(&self, operation: &'static str, fast: Result<T>, trusted: Result<T>) -> Result<(T, T)> {
        let alone = |device: &dyn Backend, error| {
            let device = device.info().name.clone();
            Err(Error::FailsAlone {
                operation,
                device,
                source: Box::new(error),
            })
        };
        match (fast, trusted) {
            (Ok(fast), Ok(trusted)) => Ok((fast, trusted)),
            (Err(fast), Err(trusted)) if fast.to_string() == trusted.to_string() => Err(trusted),
            (Err(error), _) => alone(&*self.fast, error),
            (Ok(_), Err(error)) => alone(&*self.trusted, error),
        }
    }
}

fn same<T: PartialEq>(operation: &'static str, fast: &[T], trusted: &[T]) -> Result<()> {
    let differing = fast
        .iter()
        .zip(trusted)
        .position(|(fast, trusted)| fast != trusted);
    differing.map_or(Ok(()), |position| Err(Error::Differs { operation, position }))
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twin")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl Backend for Twin {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn hash(&self, hash: Hash, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
        self.write("hash", digests, |device, digests| {
            device.hash(hash, preimages, digests)
        })
    }

    fn tree(&self, hash: Hash, leaves: &[Node], above: &mut [Node]) -> Result<()> {
        self.write("tree", above, |device, above| device.tree(hash, leaves, above))
    }

    fn columns(&self, layers: &[&[Node]], digests: &mut [Node]) -> Result<()> {
        self.write("columns", digests, |device, digests| {
            device.columns(layers, digests)
        })
    }

    fn columns_tree(&self, layers: &[&[Node]], tree: &mut [Node]) -> Result<()> {
        self.write("columns_tree", tree, |device, tree| {
            device.columns_tree(layers, tree)
        })
    }

    fn encode_tree(
        &self,
        key: &[Node],
        data: &mut [Node],
        n_discarded: usize,
        kept: &mut [Node],
    ) -> Result<()> {
        self.turn_and_write("encode_tree", data, kept, |device, data, kept| {
            device.encode_tree(key, data, n_discarded, kept)
        })
    }

    /// Positions count through the new labels of the first lane, then of the second, and so on.
    fn label(&self, layer: u32, first: usize, parents: &[Parents], lanes: &mut [Lane<'_>]) -> Result<()> {
        let new = |lanes: &[Lane<'_>]| -> Vec<Node> {
            lanes
                .iter()
                .flat_map(|lane| &lane.labels[first..first + parents.len()])
                .copied()
                .collect()
        };
        let fast = self.fast.label(layer, first, parents, lanes);
        let found = new(lanes);
        self.agree("label", fast, self.trusted.label(layer, first, parents, lanes))?;
        same("label", &found, &new(lanes))
    }

    fn encode(&self, key: &[Node], data: &mut [Node]) -> Result<()> {
        self.turn("encode", [data], |device, [data]| device.encode(key, data))
    }

    fn decode(&self, key: &[Node], replica: &mut [Node]) -> Result<()> {
        self.turn("decode", [replica], |device, [replica]| {
            device.decode(key, replica)
        })
    }

    fn encode_scaled(&self, key: &[Node], factors: Factors<'_>, data: &mut [Node]) -> Result<()> {
        self.turn("encode_scaled", [data], |device, [data]| {
            device.encode_scaled(key, factors, data)
        })
    }

    fn decode_scaled(&self, key: &[Node], factors: Factors<'_>, replica: &mut [Node]) -> Result<()> {
        self.turn("decode_scaled", [replica], |device, [replica]| {
            device.decode_scaled(key, factors, replica)
        })
    }

    fn encode_scaled_tree(
        &self,
        key: &[Node],
        factors: Factors<'_>,
        data: &mut [Node],
        n_discarded: usize,
        kept: &mut [Node],
    ) -> Result<()> {
        self.turn_and_write("encode_scaled_tree", data, kept, |device, data, kept| {
            device.encode_scaled_tree(key, factors, data, n_discarded, kept)
        })
    }

    fn ntt(&self, direction: Direction, values: &mut [Fr]) -> Result<()> {
        self.turn("ntt", [values], |device, [values]| device.ntt(direction, values))
    }

    fn quotient(&self, a: &mut [Fr], b: &mut [Fr], c: Evaluate<'_>) -> Result<()> {
        self.turn("quotient", [a, b], |device, [a, b]| device.quotient(a, b, c))
    }

    fn msm_g1(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G1Projective> {
        self.answer("msm_g1", |device| device.msm_g1(bases, scalars))
    }

    fn msm_g2(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G2Projective> {
        self.answer("msm_g2", |device| device.msm_g2(bases, scalars))
    }

    fn multiples_g1(&self, base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]) -> Result<()> {
        self.write("multiples_g1", multiples, |device, multiples| {
            device.multiples_g1(base, scalars, multiples)
        })
    }

    fn multiples_g2(&self, base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]) -> Result<()> {
        self.write("multiples_g2", multiples, |device, multiples| {
            device.multiples_g2(base, scalars, multiples)
        })
    }

    fn products_g1(&self, points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]) -> Result<()> {
        self.write("products_g1", products, |device, products| {
            device.products_g1(points, scalars, products)
        })
    }
}
