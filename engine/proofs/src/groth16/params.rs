//! Keys and parameter files, as bellperson writes them.
//!
//! A verifying key is six points, a count, and a point for each public input. A parameter file is the key,
//! then five lists, each with its count. Counts are 32 bits, big-endian; points are uncompressed.

use std::sync::atomic::{AtomicU64, Ordering};

use blstrs::{G1Affine, G2Affine};
use kernels::Bases;
use rayon::prelude::*;

use super::{
    error::{BadPoint, Error, Result, Section},
    points,
};

/// Bytes of a point in G1, uncompressed.
pub(super) const G1_SIZE: usize = 96;
/// Bytes of a point in G2, uncompressed.
pub(super) const G2_SIZE: usize = 192;
/// Bytes of a count.
const COUNT_SIZE: usize = 4;

/// What a verifier needs to know of a circuit. All points are in their subgroups, and none is infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    pub(super) alpha_g1: G1Affine,
    pub(super) beta_g1: G1Affine,
    pub(super) beta_g2: G2Affine,
    pub(super) gamma_g2: G2Affine,
    pub(super) delta_g1: G1Affine,
    pub(super) delta_g2: G2Affine,
    /// The constant one first, then the public inputs.
    pub(super) ic: Vec<G1Affine>,
}

impl VerifyingKey {
    /// Parses a key; nothing may follow it.
    ///
    /// # Errors
    /// When the bytes end early, go on after the end, or hold a point that is not canonical, not on its
    /// curve, not in its subgroup, or infinity. The error names section and offset.
    pub fn from_bytes(bytes: &[u8]) -> Result<VerifyingKey> {
        let mut reader = Reader { bytes, offset: 0 };
        let key = reader.key()?;
        reader.end()?;
        Ok(key)
    }

    /// The bytes of a `.vk` file, which are also the first of a parameter file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(3 * (G1_SIZE + G2_SIZE) + COUNT_SIZE + self.ic.len() * G1_SIZE);
        bytes.extend(self.alpha_g1.to_uncompressed());
        bytes.extend(self.beta_g1.to_uncompressed());
        bytes.extend(self.beta_g2.to_uncompressed());
        bytes.extend(self.gamma_g2.to_uncompressed());
        bytes.extend(self.delta_g1.to_uncompressed());
        bytes.extend(self.delta_g2.to_uncompressed());
        bytes.extend(count(self.ic.len()));
        bytes.extend(self.ic.iter().flat_map(G1Affine::to_uncompressed));
        bytes
    }

    /// Public inputs that a proof is verified with, the constant one left out.
    pub fn n_inputs(&self) -> usize {
        self.ic.len() - 1
    }
}

/// The 32 bits before a list.
pub(super) fn count(len: usize) -> [u8; COUNT_SIZE] {
    u32::try_from(len)
        .expect("no circuit has 2³² variables")
        .to_be_bytes()
}

/// A list of points in a parameter file.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    pub section: Section,
    /// Where the first point starts in the file.
    pub offset: usize,
    pub bases: Bases<'a>,
    point_size: usize,
}

impl List<'_> {
    pub fn len(&self) -> usize {
        self.bases.bytes.len() / self.point_size
    }

    /// What a device found wrong with a point, with the place in the file.
    pub fn error(&self, error: kernels::Error) -> Error {
        match error {
            kernels::Error::NotOnCurve { index, .. } => self.bad_point(index, BadPoint::NotOnCurve),
            other => other.into(),
        }
    }

    /// What is wrong with a point, with the place in the file.
    pub fn bad_point(&self, index: usize, reason: BadPoint) -> Error {
        Error::Point {
            section: self.section,
            index,
            offset: self.offset + index * self.point_size,
            reason,
        }
    }
}

/// A parameter file, looked at where it lies: only the key is copied.
///
/// The points of the five lists are checked to be on the curve when a proof uses them; that they are the
/// right ones shows when the proof is verified. Against a file that somebody else made, compare its digest.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    /// The key, which verifies what these parameters prove.
    pub key: VerifyingKey,
    pub(super) h: List<'a>,
    pub(super) l: List<'a>,
    pub(super) a: List<'a>,
    pub(super) b_g1: List<'a>,
    pub(super) b_g2: List<'a>,
}

impl<'a> Parameters<'a> {
    /// Looks at a parameter file: its key, and where its lists are.
    ///
    /// Each call gives the lists new [`Bases::id`]s: a device that keeps points keeps those of this value.
    ///
    /// # Errors
    /// As [`VerifyingKey::from_bytes`]; also when the lengths of the lists contradict each other.
    pub fn parse(bytes: &'a [u8]) -> Result<Parameters<'a>> {
        let mut reader = Reader { bytes, offset: 0 };
        let key = reader.key()?;
        let h = reader.list(Section::H, G1_SIZE)?;
        let l = reader.list(Section::L, G1_SIZE)?;
        let a = reader.list(Section::A, G1_SIZE)?;
        let b_g1 = reader.list(Section::BG1, G1_SIZE)?;
        let b_g2 = reader.list(Section::BG2, G2_SIZE)?;
        reader.end()?;
        let parameters = Parameters {
            key,
            h,
            l,
            a,
            b_g1,
            b_g2,
        };
        parameters.check_lengths()?;
        Ok(parameters)
    }

    fn check_lengths(&self) -> Result<()> {
        let n_variables = self.key.ic.len() + self.l.len();
        let fits = [
            (
                &self.h,
                (self.h.len() + 1).is_power_of_two(),
                "it holds one less than a power of two",
            ),
            (
                &self.a,
                self.a.len() >= self.key.ic.len(),
                "each public input has one",
            ),
            (
                &self.a,
                self.a.len() <= n_variables,
                "there are not so many variables",
            ),
            (
                &self.b_g1,
                self.b_g1.len() <= n_variables,
                "there are not so many variables",
            ),
            (
                &self.b_g2,
                self.b_g2.len() == self.b_g1.len(),
                "b_g1 holds another number",
            ),
        ];
        match fits.into_iter().find(|(_, fits, _)| !fits) {
            None => Ok(()),
            Some((list, _, expected)) => Err(Error::Lengths {
                section: list.section,
                found: list.len(),
                expected,
            }),
        }
    }

    /// Length of the domain of A, B and C: a power of two.
    pub(super) fn domain_len(&self) -> usize {
        self.h.len() + 1
    }
}

/// Walks through a file; every length is held against what is left before it is used.
pub(super) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, section: Section, n_bytes: u64) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.offset..];
        let taken = usize::try_from(n_bytes)
            .ok()
            .and_then(|n_bytes| rest.get(..n_bytes));
        let taken = taken.ok_or(Error::Truncated {
            section,
            offset: self.offset,
            needed: n_bytes,
            left: rest.len(),
        })?;
        self.offset += taken.len();
        Ok(taken)
    }

    fn key(&mut self) -> Result<VerifyingKey> {
        Ok(VerifyingKey {
            alpha_g1: self.g1(Section::AlphaG1)?,
            beta_g1: self.g1(Section::BetaG1)?,
            beta_g2: self.g2(Section::BetaG2)?,
            gamma_g2: self.g2(Section::GammaG2)?,
            delta_g1: self.g1(Section::DeltaG1)?,
            delta_g2: self.g2(Section::DeltaG2)?,
            ic: self.ic()?,
        })
    }

    fn ic(&mut self) -> Result<Vec<G1Affine>> {
        let list = self.list(Section::Ic, G1_SIZE)?;
        if list.len() == 0 {
            return Err(Error::Lengths {
                section: Section::Ic,
                found: 0,
                expected: "the constant one has a point",
            });
        }
        // The subgroup check is most of the work: 25,840 points of a WindowPoSt's key take a second.
        let points = list.bases.bytes.par_chunks_exact(G1_SIZE).enumerate();
        points
            .map(|(index, bytes)| g1(bytes, Section::Ic, index, list.offset + index * G1_SIZE))
            .collect()
    }

    fn g1(&mut self, section: Section) -> Result<G1Affine> {
        let offset = self.offset;
        g1(self.take(section, G1_SIZE as u64)?, section, 0, offset)
    }

    fn g2(&mut self, section: Section) -> Result<G2Affine> {
        let offset = self.offset;
        let bytes = self
            .take(section, G2_SIZE as u64)?
            .first_chunk()
            .expect("as many as were asked for");
        points::g2_uncompressed(bytes).map_err(|reason| Error::Point {
            section,
            index: 0,
            offset,
            reason,
        })
    }

    pub fn list(&mut self, section: Section, point_size: usize) -> Result<List<'a>> {
        let count = self
            .take(section, COUNT_SIZE as u64)?
            .first_chunk()
            .expect("as many as were asked for");
        let offset = self.offset;
        // 2³² points of 192 bytes are less than 2⁶⁴ bytes.
        let bytes = self.take(section, u64::from(u32::from_be_bytes(*count)) * point_size as u64)?;
        Ok(List {
            section,
            offset,
            bases: Bases { id: next_id(), bytes },
            point_size,
        })
    }

    pub fn end(&self) -> Result<()> {
        match self.bytes.len() - self.offset {
            0 => Ok(()),
            n_bytes => Err(Error::Trailing {
                offset: self.offset,
                n_bytes,
            }),
        }
    }
}

/// The point in G1 at that place.
fn g1(bytes: &[u8], section: Section, index: usize, offset: usize) -> Result<G1Affine> {
    let bytes = bytes.first_chunk().expect("as many as a point has");
    points::g1_uncompressed(bytes).map_err(|reason| Error::Point {
        section,
        index,
        offset,
        reason,
    })
}

/// A name that no list had before in this process.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
