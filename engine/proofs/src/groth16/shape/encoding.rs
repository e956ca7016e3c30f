//! A shape as bytes, to be kept from one process to the next.
//!
//! `"lode shape" ‖ version ‖ name ‖ kinds ‖ head ‖ body ‖ arguments ‖ densities ‖ BLAKE2b-256 of all before`. Numbers are
//! little-endian, lists begin with their length, elements are 32 canonical bytes. What is read is held against its
//! digest, every length against the bytes that are left, and every variable against the parts' sizes: whatever the bytes
//! are, evaluating the shape does not leave the witness.

use blake2b_simd::Params;
use ff::PrimeField;
use kernels::Fr;
use rayon::prelude::*;

use super::{
    kind::{Combination, Kind, Layout, MAX_SERIES, MAX_STRIDE},
    Arguments, Chunk, Part, Run, Shape, Variable, CHUNK_LEN,
};
use crate::groth16::{r1cs::Counts, witness::Bits};

/// Raised whenever shapes, or their bytes, become others: a test says when.
const VERSION: u32 = 1;
const MAGIC: &[u8] = b"lode shape";
const DIGEST_LEN: usize = 32;

/// Why bytes are no shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// They are another file's, another version's or another circuit's.
    #[error("it is another file than it should be")]
    Foreign,
    /// They were changed, or are not all there.
    #[error("its digest is wrong: it was changed, or cut")]
    Digest,
    /// What they say cannot be.
    #[error("it contradicts itself")]
    Content,
}

impl Shape {
    /// The bytes of the shape that is kept under that name.
    pub(super) fn to_bytes(&self, name: &str) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.0.extend_from_slice(MAGIC);
        out.number(VERSION as usize);
        out.number(name.len());
        out.0.extend_from_slice(name.as_bytes());
        out.list(&self.kinds, |out, kind| {
            for combination in &kind.0 {
                let (constant, series) = combination.terms();
                out.0.extend_from_slice(&constant.to_repr());
                out.list(&series, |out, (coefficient, layout)| {
                    out.0.extend_from_slice(&coefficient.to_repr());
                    out.0.extend([layout.len as u8, layout.stride as u8]);
                });
            }
        });
        for part in [&self.head, &self.body] {
            let Counts {
                n_inputs,
                n_aux,
                n_constraints,
            } = part.counts;
            [n_inputs, n_aux, n_constraints]
                .into_iter()
                .for_each(|n| out.number(n));
            out.list(&part.runs, |out, run| {
                out.0.extend_from_slice(&run.kind.to_le_bytes());
                out.0.extend_from_slice(&run.n_rows.to_le_bytes());
            });
            out.list(&part.variables, |out, variable| {
                out.0.extend_from_slice(&variable.0.to_le_bytes());
            });
        }
        out.list(self.arguments.as_slice(), |out, arguments| {
            out.list(&arguments.places, |out, place| out.number(*place));
            out.number(arguments.len);
        });
        for bits in [&self.a_aux, &self.b_inputs, &self.b_aux] {
            out.list(bits.words(), |out, word| {
                out.0.extend_from_slice(&word.to_le_bytes())
            });
        }
        let digest = digest(&out.0);
        out.0.extend_from_slice(&digest);
        out.0
    }

    /// The shape that is kept under that name.
    ///
    /// # Errors
    /// When the bytes are not those that [`to_bytes`](Shape::to_bytes) gives.
    pub(super) fn from_bytes(name: &str, bytes: &[u8]) -> Result<Shape, Damage> {
        let mut input = Reader(bytes);
        let mut is_ours = || {
            Ok::<_, Damage>(
                input.take(MAGIC.len())? == MAGIC
                    && input.number()? == VERSION as usize
                    && input.bytes()? == name.as_bytes(),
            )
        };
        if !is_ours().unwrap_or(false) {
            return Err(Damage::Foreign);
        }
        let (content, found) = bytes.split_last_chunk::<DIGEST_LEN>().ok_or(Damage::Digest)?;
        if digest(content) != *found {
            return Err(Damage::Digest);
        }
        input.0 = input.0.split_last_chunk::<DIGEST_LEN>().ok_or(Damage::Digest)?.0;
        let kinds = input.list(Reader::kind)?;
        let head = input.part(&kinds)?;
        let body = input.part(&kinds)?;
        let mut arguments = input.list(|input| {
            Ok(Arguments {
                places: input.list(Reader::number)?,
                len: input.number()?,
            })
        })?;
        let (n_inputs, n_aux) = (
            head.counts.n_inputs + body.counts.n_inputs,
            head.counts.n_aux + body.counts.n_aux,
        );
        let shape = Shape {
            kinds,
            head,
            body,
            arguments: arguments.pop(),
            a_aux: input.bits(n_aux)?,
            b_inputs: input.bits(n_inputs)?,
            b_aux: input.bits(n_aux)?,
        };
        let is_whole = arguments.is_empty() && input.0.is_empty() && shape.is_closed();
        is_whole.then_some(shape).ok_or(Damage::Content)
    }

    /// Whether every row speaks of variables that there are.
    fn is_closed(&self) -> bool {
        let (head, body) = (self.head.counts, self.body.counts);
        let n_arguments = self.arguments.as_ref().map_or(0, |arguments| arguments.len);
        let places = self.arguments.iter().flat_map(|arguments| &arguments.places);
        let mut ends = places.map(|place| place.checked_add(n_arguments));
        // For each owner, as the head sees it, and as the body does.
        let limits = [
            [head.n_aux, head.n_aux, head.n_inputs, head.n_inputs, 0, 0, 0, 0],
            [
                body.n_aux,
                head.n_aux,
                body.n_inputs,
                head.n_inputs,
                n_arguments,
                0,
                0,
                0,
            ],
        ];
        // How far each variable of a row reaches.
        let reach = |kind: &Kind| -> Vec<usize> {
            let series = kind.0.iter().flat_map(|combination| combination.terms().1);
            series
                .map(|(_, layout)| (layout.len - 1) * layout.stride)
                .collect()
        };
        let reaches: Vec<Vec<usize>> = self.kinds.iter().map(reach).collect();
        let is_closed = |part: &Part, limits: [usize; 8]| {
            part.chunks.par_iter().all(|chunk| {
                let mut variables = part.variables[chunk.variable..].iter();
                part.rows(chunk).all(|kind| {
                    reaches[kind].iter().all(|reach| {
                        let Variable(code) = *variables.next().expect("the part has as many");
                        let (owner, index) = Variable(code).split();
                        index + reach < limits[owner]
                    })
                })
            })
        };
        ends.all(|end| end.is_some_and(|end| end <= head.n_aux))
            && is_closed(&self.head, limits[0])
            && is_closed(&self.body, limits[1])
    }
}

fn digest(bytes: &[u8]) -> [u8; DIGEST_LEN] {
    let hash = Params::new().hash_length(DIGEST_LEN).hash(bytes);
    hash.as_bytes().try_into().expect("of that length")
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    fn list<T>(&mut self, list: &[T], mut write: impl FnMut(&mut Writer, &T)) {
        self.number(list.len());
        list.iter().for_each(|item| write(self, item));
    }
}

/// The bytes that are left.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Damage::Content)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("so many were taken"))
    }

    fn number(&mut self) -> Result<usize, Damage> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Damage::Content)
    }

    fn word(&mut self) -> Result<u32, Damage> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let len = self.number()?;
        self.take(len)
    }

    /// No item is of less than a byte: what a wrong length asks for is never more than there is.
    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Result<T, Damage>) -> Result<Vec<T>, Damage> {
        let len = self.number()?;
        if self.0.len() < len {
            return Err(Damage::Content);
        }
        (0..len).map(|_| read(self)).collect()
    }

    fn element(&mut self) -> Result<Fr, Damage> {
        Option::from(Fr::from_repr(self.array()?)).ok_or(Damage::Content)
    }

    fn kind(&mut self) -> Result<Kind, Damage> {
        let mut combination = || {
            let constant = self.element()?;
            let series = self.list(|input| {
                let coefficient = input.element()?;
                let [len, stride] = input.array()?.map(usize::from);
                let fits = (1..=MAX_SERIES).contains(&len) && (1..=MAX_STRIDE).contains(&stride);
                fits.then_some((coefficient, Layout { len, stride }))
                    .ok_or(Damage::Content)
            })?;
            Ok(Combination::new(constant, series))
        };
        Ok(Kind([combination()?, combination()?, combination()?]))
    }

    fn part(&mut self, kinds: &[Kind]) -> Result<Part, Damage> {
        let counts = Counts {
            n_inputs: self.number()?,
            n_aux: self.number()?,
            n_constraints: self.number()?,
        };
        // Beyond them no variable has a number, and sums of them do not overflow.
        let sizes = [counts.n_inputs, counts.n_aux, counts.n_constraints];
        if sizes.iter().any(|size| *size > 1 << 40) {
            return Err(Damage::Content);
        }
        let mut part = Part {
            counts,
            ..Part::default()
        };
        let mut n_variables = 0;
        let runs = self.list(|input| {
            Ok(Run {
                kind: input.word()?,
                n_rows: input.word()?,
            })
        })?;
        for (i, run) in runs.iter().enumerate() {
            let kind = kinds.get(run.kind as usize).ok_or(Damage::Content)?;
            if part.chunks.last().is_none_or(|chunk| chunk.n_rows == CHUNK_LEN) {
                part.chunks.push(Chunk {
                    run: i,
                    variable: n_variables,
                    n_rows: 0,
                });
            }
            let n_rows = &mut part.chunks.last_mut().expect("there is one").n_rows;
            *n_rows += run.n_rows as usize;
            if run.n_rows == 0 || CHUNK_LEN < *n_rows {
                return Err(Damage::Content);
            }
            n_variables += run.n_rows as usize * kind.0.iter().map(Combination::len).sum::<usize>();
        }
        part.runs = runs;
        part.variables = self.list(|input| input.word().map(Variable))?;
        let n_rows = part.chunks.iter().map(|chunk| chunk.n_rows).sum::<usize>();
        let fits = part.variables.len() == n_variables && n_rows == counts.n_constraints;
        fits.then_some(part).ok_or(Damage::Content)
    }

    fn bits(&mut self, len: usize) -> Result<Bits, Damage> {
        let words = self.list(|input| Ok(u64::from_le_bytes(input.array()?)))?;
        Bits::from_words(words, len).ok_or(Damage::Content)
    }
}

#[cfg(test)]
mod tests {
    use kernels::{Mixed, Node};

    use super::*;
    use crate::{
        geometry::{Geometry, SectorSize},
        groth16::Provable,
        porep::circuit::Porep,
        post::circuit::Post,
        update::circuit::Update,
    };

    fn geometry(size: &str) -> &'static Geometry {
        let size: SectorSize = size.parse().unwrap();
        Geometry::of(size)
    }

    fn recorded(circuit: impl Provable) -> (String, Shape) {
        let outline = circuit.outline().unwrap();
        (outline.name.clone(), Shape::of(outline).unwrap())
    }

    fn known() -> [(String, Shape); 3] {
        let geometry = geometry("2KiB");
        [
            recorded(Porep::blank(geometry, 2)),
            recorded(Post::blank(geometry, 1, 2)),
            recorded(Update::blank_poseidon(geometry)),
        ]
    }

    /// Whoever sees this fail has changed a circuit, how its rows are recorded, or the bytes: others have files of the older
    /// kind, so raise [`VERSION`], and put the new digests here.
    #[test]
    fn the_version_is_raised_with_every_change() {
        let found = known().map(|(name, shape)| {
            let bytes = shape.to_bytes(&name);
            Node(*bytes.last_chunk().unwrap()).to_string()
        });
        let digests = [
            "84122b7ca67fe359a9d6b5318d316eeb11b76fd94bfb85cff35af4f6c456a938",
            "438bb9ca6c6b209634380d112a99a7f7cb78efbc74d913beffa0f39d71f6a105",
            "aab5df09124cb960d7cd9966615b6168ed4c21368d9c3ea47aa26ef617cfda51",
        ];
        assert_eq!((VERSION, found), (1, digests.map(str::to_owned)));
    }

    #[test]
    fn what_was_written_is_read() {
        for (name, shape) in known() {
            let bytes = shape.to_bytes(&name);
            assert_eq!(Shape::from_bytes(&name, &bytes).as_ref(), Ok(&shape), "{name}");
            assert_eq!(Shape::from_bytes("porep 8KiB", &bytes), Err(Damage::Foreign));
        }
    }

    #[test]
    fn changed_bytes_are_refused() {
        let (name, shape) = recorded(Post::blank(geometry("2KiB"), 1, 1));
        let bytes = shape.to_bytes(&name);
        for place in (0..bytes.len()).step_by(bytes.len() / 200) {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            assert!(Shape::from_bytes(&name, &changed).is_err(), "{place}");
            assert!(Shape::from_bytes(&name, &bytes[..place]).is_err(), "{place}");
        }
    }

    /// A digest is no secret: bytes under the right one may say anything, and what is accepted stays within the witness.
    #[test]
    fn contradictions_are_refused() {
        let (name, shape) = recorded(Update::blank_poseidon(geometry("2KiB")));
        let n = shape.arguments.as_ref().unwrap().places.len();
        let bytes = shape.to_bytes(&name);
        let content_len = bytes.len() - DIGEST_LEN;
        let start = MAGIC.len() + 16 + name.len();
        let mut n_accepted = 0;
        for place in (start..content_len).step_by((content_len - start) / 300) {
            let mut changed = bytes[..content_len].to_vec();
            changed[place] ^= 1 << (place % 8);
            let digest = digest(&changed);
            changed.extend_from_slice(&digest);
            let Ok(shape) = Shape::from_bytes(&name, &changed) else {
                continue;
            };
            n_accepted += 1;
            let counts = shape.counts(n);
            let inputs = vec![Fr::from(1); counts.n_inputs];
            let mut aux = Mixed::default();
            (0..counts.n_aux).for_each(|i| aux.push(&Fr::from(i as u64 % 5)));
            let mut out = [(); 2].map(|()| vec![Fr::from(0); counts.n_constraints + counts.n_inputs]);
            shape.evaluate_a_b(n, (&inputs, &aux), out.each_mut().map(Vec::as_mut_slice));
            shape.evaluate_c(n, (&inputs, &aux), &mut out[0]);
        }
        assert!(n_accepted > 10, "{n_accepted}");
    }
}
