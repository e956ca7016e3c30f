//! Scalars that a sum of points takes, most of which may be bits.

use std::ops::Range;

use ff::Field;

use crate::Fr;

/// Places that one word counts.
const WORD_BITS: usize = 64;

/// Elements most of which are zero or one, as in a witness: a byte for each, and the others whole, in their order. It
/// takes a twenty-fifth of the memory that the elements would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mixed {
    /// Zero, one, or [`Mixed::DENSE`].
    bytes: Vec<u8>,
    elements: Vec<Fr>,
    /// Which are dense, and of how many each word is preceded.
    dense: Vec<u64>,
    ranks: Vec<u32>,
}

impl Mixed {
    /// The byte of an element that is neither zero nor one.
    pub const DENSE: u8 = 2;

    /// With room for so many.
    pub fn with_capacity(len: usize) -> Mixed {
        let mut mixed = Mixed::default();
        mixed.start_over(len);
        mixed
    }

    /// Takes everything out, and makes room for so many where there is less.
    pub fn start_over(&mut self, len: usize) {
        self.clear();
        let n_words = len.div_ceil(WORD_BITS);
        self.bytes.reserve(len);
        self.dense.reserve(n_words);
        self.ranks.reserve(n_words);
    }

    /// Takes everything out, and leaves the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.elements.clear();
        self.dense.clear();
        self.ranks.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends one.
    ///
    /// # Panics
    /// When 2³² elements are dense.
    #[inline]
    pub fn push(&mut self, element: &Fr) {
        let byte = byte_of(element);
        self.push_byte(byte);
        if byte == Mixed::DENSE {
            self.elements.push(*element);
        }
    }

    #[inline]
    fn push_byte(&mut self, byte: u8) {
        let place = self.bytes.len();
        if place.is_multiple_of(WORD_BITS) {
            self.dense.push(0);
            let rank = u32::try_from(self.elements.len());
            self.ranks.push(rank.expect("fewer than 2³² are dense"));
        }
        self.dense[place / WORD_BITS] |= u64::from(byte == Mixed::DENSE) << (place % WORD_BITS);
        self.bytes.push(byte);
    }

    /// Appends all.
    pub fn extend(&mut self, elements: &[Fr]) {
        elements.iter().for_each(|element| self.push(element));
    }

    /// Appends those of others whose place is chosen.
    pub fn extend_chosen(&mut self, others: &Mixed, is_chosen: impl Fn(usize) -> bool) {
        let mut elements = others.elements.iter();
        for (place, byte) in others.bytes.iter().enumerate() {
            let element = if *byte == Mixed::DENSE {
                elements.next()
            } else {
                None
            };
            if is_chosen(place) {
                self.push_byte(*byte);
                self.elements.extend(element);
            }
        }
    }

    /// The element at a place.
    ///
    /// # Panics
    /// When there is none.
    #[inline]
    pub fn get(&self, place: usize) -> Fr {
        match self.bytes[place] {
            0 => Fr::ZERO,
            1 => Fr::ONE,
            _ => self.elements[self.rank(place)],
        }
    }

    /// A byte for each: 0 and 1 for themselves, [`DENSE`](Mixed::DENSE) for what is neither.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All of them as elements.
    pub fn to_elements(&self) -> Vec<Fr> {
        (0..self.len()).map(|place| self.get(place)).collect()
    }

    /// How many before this place are dense.
    fn rank(&self, place: usize) -> usize {
        match self.dense.get(place / WORD_BITS) {
            None => self.elements.len(),
            Some(word) => {
                let before = word & ((1 << (place % WORD_BITS)) - 1);
                self.ranks[place / WORD_BITS] as usize + before.count_ones() as usize
            }
        }
    }
}

/// Bits come at random, and a branch would be foretold wrong every other time.
pub(crate) fn byte_of(element: &Fr) -> u8 {
    let (is_zero, is_one) = (*element == Fr::ZERO, *element == Fr::ONE);
    u8::from(is_one) | (u8::from(!(is_zero | is_one)) * Mixed::DENSE)
}

/// The scalars of a sum.
#[derive(Clone, Copy, Debug)]
pub enum Scalars<'a> {
    /// Each as an element.
    Elements(&'a [Fr]),
    /// Most of them as bits.
    Mixed(&'a Mixed),
}

impl<'a> Scalars<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Scalars::Elements(elements) => elements.len(),
            Scalars::Mixed(mixed) => mixed.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them as elements: for devices that take no others.
    pub fn to_elements(&self) -> Vec<Fr> {
        match self {
            Scalars::Elements(elements) => elements.to_vec(),
            Scalars::Mixed(mixed) => mixed.to_elements(),
        }
    }

    /// Those from one place to another: their bytes, where they have any, and the elements that are dense or all.
    pub(crate) fn part(self, places: Range<usize>) -> Part<'a> {
        match self {
            Scalars::Elements(elements) => Part::Elements(&elements[places]),
            Scalars::Mixed(mixed) => {
                let elements = mixed.rank(places.start)..mixed.rank(places.end);
                Part::Mixed(&mixed.bytes[places], &mixed.elements[elements])
            }
        }
    }
}

/// Some of the scalars of a sum.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    Elements(&'a [Fr]),
    Mixed(&'a [u8], &'a [Fr]),
}

impl<'a> From<&'a [Fr]> for Scalars<'a> {
    fn from(elements: &'a [Fr]) -> Scalars<'a> {
        Scalars::Elements(elements)
    }
}

impl<'a> From<&'a Vec<Fr>> for Scalars<'a> {
    fn from(elements: &'a Vec<Fr>) -> Scalars<'a> {
        Scalars::Elements(elements)
    }
}

impl<'a, const N: usize> From<&'a [Fr; N]> for Scalars<'a> {
    fn from(elements: &'a [Fr; N]) -> Scalars<'a> {
        Scalars::Elements(elements)
    }
}

impl<'a> From<&'a Mixed> for Scalars<'a> {
    fn from(mixed: &'a Mixed) -> Scalars<'a> {
        Scalars::Mixed(mixed)
    }
}

#[cfg(test)]
mod tests {
    use rand_core::{RngCore, SeedableRng};
    use rand_xorshift::XorShiftRng;

    use super::*;

    fn elements(n: usize) -> Vec<Fr> {
        let mut rng = XorShiftRng::seed_from_u64(n as u64);
        let element = |rng: &mut XorShiftRng| match rng.next_u32() % 5 {
            0 | 1 => Fr::ZERO,
            2 => Fr::ONE,
            3 => Fr::from(2),
            _ => Fr::random(rng),
        };
        (0..n).map(|_| element(&mut rng)).collect()
    }

    #[test]
    fn what_is_put_in_comes_out() {
        for n in [0, 1, 63, 64, 65, 1000] {
            let elements = elements(n);
            let mut mixed = Mixed::with_capacity(n);
            mixed.extend(&elements);
            assert_eq!((mixed.len(), mixed.to_elements()), (n, elements.clone()));
            for (place, element) in elements.iter().enumerate() {
                assert_eq!(mixed.get(place), *element);
            }
            mixed.clear();
            assert_eq!(mixed, Mixed::default());
            mixed.extend(&elements);
            assert_eq!(mixed.to_elements(), elements);
        }
    }

    #[test]
    fn the_chosen_keep_their_order() {
        let elements = elements(500);
        let mut mixed = Mixed::default();
        mixed.extend(&elements);
        let mut chosen = Mixed::default();
        chosen.push(&Fr::from(7));
        chosen.extend_chosen(&mixed, |place| place % 3 == 1);
        let expected: Vec<Fr> = elements.into_iter().skip(1).step_by(3).collect();
        assert_eq!(chosen.to_elements(), [&[Fr::from(7)], &expected[..]].concat());
    }

    #[test]
    fn parts_are_of_their_places() {
        let elements = elements(300);
        let mut mixed = Mixed::default();
        mixed.extend(&elements);
        for places in [0..0, 0..300, 10..70, 64..128, 299..300, 300..300] {
            let Part::Mixed(bytes, dense) = Scalars::from(&mixed).part(places.clone()) else {
                panic!("they are mixed");
            };
            let expected: Vec<Fr> = elements[places.clone()]
                .iter()
                .filter(|element| byte_of(element) == Mixed::DENSE)
                .copied()
                .collect();
            assert_eq!((bytes.len(), dense), (places.len(), &expected[..]));
        }
    }
}
