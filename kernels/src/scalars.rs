//! Scalars that a sum of points takes, most of which may be bits.

use std::{ops::Range, slice};

use ff::Field;

use crate::Fr;

/// What each of some neighbours is, by a bit in each of two words: the first's is the lowest. One in neither is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planes {
    /// Which are one.
    pub ones: u64,
    /// Which are neither zero nor one.
    pub dense: u64,
}

impl Planes {
    /// How many there is room for.
    pub const LEN: usize = 64;

    /// Those of so many elements at most.
    #[inline]
    pub(crate) fn of(elements: &[Fr]) -> Planes {
        debug_assert!(elements.len() <= Planes::LEN);
        // Bits come at random, and a branch would be foretold wrong every other time.
        let mut planes = Planes::default();
        for (place, element) in elements.iter().enumerate() {
            let (is_zero, is_one) = (*element == Fr::ZERO, *element == Fr::ONE);
            planes.ones |= u64::from(is_one) << place;
            planes.dense |= u64::from(!(is_zero | is_one)) << place;
        }
        planes
    }

    /// The one at a place, in the lowest bits, where the first is at a multiple of 64.
    #[inline]
    pub fn at(self, place: usize) -> Planes {
        self.map(|word| word >> (place % Planes::LEN) & 1)
    }

    /// Each word changed alike.
    #[inline]
    fn map(self, change: impl Fn(u64) -> u64) -> Planes {
        Planes {
            ones: change(self.ones),
            dense: change(self.dense),
        }
    }
}

/// The places of a word's ones, the lowest first.
#[inline]
pub(crate) fn places(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = word.trailing_zeros() as usize;
        let is_any = word != 0;
        word &= word.wrapping_sub(1);
        is_any.then_some(place)
    })
}

/// The lowest n bits, of which there is one at least.
#[inline]
fn low(n: usize) -> u64 {
    u64::MAX >> (Planes::LEN - n)
}

/// Elements most of which are zero or one, as in a witness: two bits for each, and the others whole, in their order. It
/// takes a thirty-fifth of the memory that the elements would, where one in sixty is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mixed {
    len: usize,
    /// Zero from `len` on.
    planes: Vec<Planes>,
    /// How many dense elements come before each of them.
    ranks: Vec<usize>,
    /// Those that are dense.
    elements: Vec<Fr>,
}

impl Mixed {
    /// With room for so many.
    pub fn with_capacity(len: usize) -> Mixed {
        let mut mixed = Mixed::default();
        mixed.start_over(len);
        mixed
    }

    /// Takes everything out, and makes room for so many where there is less.
    pub fn start_over(&mut self, len: usize) {
        self.clear();
        let n_words = len.div_ceil(Planes::LEN);
        self.planes.reserve(n_words);
        self.ranks.reserve(n_words);
    }

    /// Takes everything out, and leaves the room.
    pub fn clear(&mut self) {
        self.len = 0;
        self.planes.clear();
        self.ranks.clear();
        self.elements.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends one.
    #[inline]
    pub fn push(&mut self, element: &Fr) {
        let planes = Planes::of(slice::from_ref(element));
        self.push_planes(planes, 1);
        if planes.dense != 0 {
            self.elements.push(*element);
        }
    }

    /// Appends all.
    #[inline]
    pub fn extend(&mut self, elements: &[Fr]) {
        for elements in elements.chunks(Planes::LEN) {
            let bits = Planes::of(elements);
            self.push_planes(bits, elements.len());
            self.elements
                .extend(places(bits.dense).map(|place| elements[place]));
        }
    }

    /// Appends the bits of so many, one at least; the elements that are dense among them are the caller's to append.
    #[inline]
    fn push_planes(&mut self, bits: Planes, n: usize) {
        let shift = self.len % Planes::LEN;
        self.len += n;
        let rank = match (self.planes.last_mut(), self.ranks.last()) {
            (Some(last), Some(rank)) => {
                if shift > 0 {
                    last.ones |= bits.ones << shift;
                    last.dense |= bits.dense << shift;
                    if shift + n <= Planes::LEN {
                        return;
                    }
                }
                rank + last.dense.count_ones() as usize
            }
            _ => 0,
        };
        // All of them, or those for which the last word had no room.
        let n_taken = (Planes::LEN - shift) % Planes::LEN;
        self.planes.push(bits.map(|word| word >> n_taken));
        self.ranks.push(rank);
    }

    /// Appends those of others whose place is chosen.
    pub fn extend_chosen(&mut self, others: &Mixed, is_chosen: impl Fn(usize) -> bool) {
        for (i, (bits, rank)) in others.planes.iter().zip(&others.ranks).enumerate() {
            let start = i * Planes::LEN;
            let end = (start + Planes::LEN).min(others.len);
            let chosen = (start..end).rev();
            let chosen = chosen.fold(0, |after, place| after << 1 | u64::from(is_chosen(place)));
            // Neighbours tend to be chosen together.
            let mut rest = chosen;
            while rest != 0 {
                let first = rest.trailing_zeros() as usize;
                let n = (rest >> first).trailing_ones() as usize;
                let run = low(n);
                self.push_planes(bits.map(|word| word >> first & run), n);
                rest &= !(run << first);
            }
            let dense = places(bits.dense).zip(&others.elements[*rank..]);
            let dense = dense.filter(|(place, _)| chosen >> place & 1 == 1);
            self.elements.extend(dense.map(|(_, element)| element));
        }
    }

    /// The element at a place.
    ///
    /// # Panics
    /// When there is none.
    #[inline]
    pub fn get(&self, place: usize) -> Fr {
        assert!(place < self.len, "there are {}", self.len);
        match self.planes[place / Planes::LEN].at(place) {
            Planes { dense: 1, .. } => self.elements[self.rank(place)],
            Planes { ones: 1, .. } => Fr::ONE,
            _ => Fr::ZERO,
        }
    }

    /// What each is, 64 at a time; zeros from [`len`](Mixed::len) on.
    pub fn planes(&self) -> &[Planes] {
        &self.planes
    }

    /// All of them as elements.
    pub fn to_elements(&self) -> Vec<Fr> {
        (0..self.len()).map(|place| self.get(place)).collect()
    }

    /// How many before this place are dense.
    fn rank(&self, place: usize) -> usize {
        let word = place / Planes::LEN;
        match self.planes.get(word) {
            None => self.elements.len(),
            Some(bits) => {
                let before = bits.dense & ((1 << (place % Planes::LEN)) - 1);
                self.ranks[word] + before.count_ones() as usize
            }
        }
    }
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

    /// Those from one place to another. Mixed ones are parted where their words are.
    ///
    /// # Panics
    /// When there are not so many, or a place is neither a multiple of 64 nor the end.
    pub(crate) fn part(self, places: Range<usize>) -> Part<'a> {
        match self {
            Scalars::Elements(elements) => Part::Elements(&elements[places]),
            Scalars::Mixed(mixed) => {
                let is_whole = |place: usize| place.is_multiple_of(Planes::LEN) || place == mixed.len;
                assert!(is_whole(places.start) && is_whole(places.end), "{places:?}");
                let bits = places.start.div_ceil(Planes::LEN)..places.end.div_ceil(Planes::LEN);
                let elements = mixed.rank(places.start)..mixed.rank(places.end);
                Part::Mixed(&mixed.planes[bits], &mixed.elements[elements])
            }
        }
    }
}

/// Some of the scalars of a sum.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    Elements(&'a [Fr]),
    /// The bits of all, and those that are dense.
    Mixed(&'a [Planes], &'a [Fr]),
}

impl Part<'_> {
    /// As bits, 64 at a time.
    #[inline]
    pub(crate) fn for_each(self, mut work: impl FnMut(Planes)) {
        match self {
            Part::Elements(elements) => elements
                .chunks(Planes::LEN)
                .for_each(|elements| work(Planes::of(elements))),
            Part::Mixed(bits, _) => bits.iter().for_each(|bits| work(*bits)),
        }
    }
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
    fn appended_piece_by_piece_they_are_the_same() {
        let elements = elements(1000);
        let mut whole = Mixed::default();
        whole.extend(&elements);
        for n in [1, 3, 63, 64, 65, 544] {
            let mut pieces = Mixed::default();
            elements.chunks(n).for_each(|piece| pieces.extend(piece));
            assert_eq!(pieces, whole, "{n}");
        }
    }

    #[test]
    fn the_chosen_keep_their_order() {
        for n in [0, 1, 63, 64, 65, 1000] {
            let elements = elements(n);
            let mut mixed = Mixed::default();
            mixed.extend(&elements);
            let choices: [fn(usize) -> bool; 5] = [
                |_| false,
                |_| true,
                |place| place % 3 == 1,
                |place| place / 7 % 2 == 0,
                |place| place % 65 != 64,
            ];
            for is_chosen in choices {
                let mut chosen = Mixed::default();
                chosen.push(&Fr::from(7));
                chosen.extend_chosen(&mixed, is_chosen);
                let places = (0..n).filter(|place| is_chosen(*place));
                let expected: Vec<Fr> = places.map(|place| elements[place]).collect();
                assert_eq!(chosen.to_elements(), [&[Fr::from(7)], &expected[..]].concat());
                let mut pushed = Mixed::default();
                pushed.extend(&chosen.to_elements());
                assert_eq!(chosen, pushed);
            }
        }
    }

    #[test]
    fn parts_are_of_their_places() {
        let elements = elements(300);
        let mut mixed = Mixed::default();
        mixed.extend(&elements);
        for places in [0..0, 0..300, 64..192, 64..128, 256..300, 300..300] {
            let mut found = [[].to_vec(), [].to_vec()];
            for (found, scalars) in found
                .iter_mut()
                .zip([Scalars::from(&elements), Scalars::from(&mixed)])
            {
                scalars.part(places.clone()).for_each(|planes| found.push(planes));
            }
            assert_eq!(found[0], found[1]);
            let Part::Mixed(_, dense) = Scalars::from(&mixed).part(places.clone()) else {
                panic!("they are mixed");
            };
            let is_dense = |element: &&Fr| Planes::of(slice::from_ref(*element)).dense == 1;
            let expected: Vec<Fr> = elements[places].iter().filter(is_dense).copied().collect();
            assert_eq!(dense, expected);
        }
    }
}
