//! The bits that bellperson's SHA-256 allocates, from whole words.
//!
//! The gadget folds constants: no variable is allocated for what follows from constants alone, nor for
//! `x ⊕ 1`, which is a variable negated. A word therefore says of each of its bits whether it is constant or
//! negated; where none is, 32 bits are computed at once.

use bellperson::{gadgets::boolean::Boolean, ConstraintSystem, SynthesisError};
use kernels::{Fr, Node};

use super::Bits;

/// Words of a block.
const BLOCK_LEN: usize = 16;

const STATE: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

const KEYS: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

/// 32 bits of a circuit.
#[derive(Clone, Copy)]
pub struct Word {
    value: u32,
    /// Bits that are constants of the circuit.
    constant: u32,
    /// Bits that are a variable's opposite; none of them is constant.
    negated: u32,
}

impl Word {
    /// A constant.
    pub fn constant(value: u32) -> Word {
        Word {
            value,
            constant: u32::MAX,
            negated: 0,
        }
    }

    /// Words of bits that have values, most significant first.
    ///
    /// # Errors
    /// `AssignmentMissing` where one has none.
    pub fn of_bits(bits: &[Boolean]) -> Result<Vec<Word>, SynthesisError> {
        bits.chunks(32).map(Word::of).collect()
    }

    fn of(bits: &[Boolean]) -> Result<Word, SynthesisError> {
        let empty = Word {
            value: 0,
            constant: 0,
            negated: 0,
        };
        bits.iter().try_fold(empty, |word, bit| {
            let value = bit.get_value().ok_or(SynthesisError::AssignmentMissing)?;
            Ok(Word {
                value: word.value << 1 | u32::from(value),
                constant: word.constant << 1 | u32::from(bit.is_constant()),
                negated: word.negated << 1 | u32::from(matches!(bit, Boolean::Not(_))),
            })
        })
    }

    /// The words of a node whose 255 bits were allocated; the last one is a constant 0.
    pub fn of_node(node: &Node) -> [Word; 8] {
        let mut words = node.0.as_chunks::<4>().0.iter().map(|bytes| Word {
            value: u32::from_be_bytes(*bytes),
            constant: 0,
            negated: 0,
        });
        let mut words = std::array::from_fn(|_| words.next().expect("a node has eight words"));
        words[7].constant = 0x80;
        words
    }

    /// A word that was allocated, bit by bit.
    fn variable(value: u32) -> Word {
        Word {
            value,
            constant: 0,
            negated: 0,
        }
    }

    fn rotate(self, by: u32) -> Word {
        Word {
            value: self.value.rotate_right(by),
            constant: self.constant.rotate_right(by),
            negated: self.negated.rotate_right(by),
        }
    }

    fn shift(self, by: u32) -> Word {
        Word {
            value: self.value >> by,
            constant: !(!self.constant >> by),
            negated: self.negated >> by,
        }
    }

    fn not(self) -> Word {
        Word {
            value: !self.value,
            constant: self.constant,
            negated: !self.negated & !self.constant,
        }
    }

    /// The one bit at that place, as a word's lowest; the others are constant.
    fn bit(self, i: u32) -> Word {
        Word {
            value: self.value >> i & 1,
            constant: self.constant >> i & 1 | !1,
            negated: self.negated >> i & 1,
        }
    }
}

/// What the gadget allocates, operation by operation.
impl<CS: ConstraintSystem<Fr>> Bits<'_, CS> {
    fn xor(&mut self, a: Word, b: Word) -> Word {
        let variable = !(a.constant | b.constant);
        let value = a.value ^ b.value;
        let negated = a.negated ^ b.negated;
        // Of two variables, one of them negated, the xor is the opposite of theirs.
        self.push_masked(value ^ negated, variable);
        let flipped = (a.constant & a.value) ^ (b.constant & b.value);
        let constant = a.constant & b.constant;
        Word {
            value,
            constant,
            negated: (negated ^ flipped) & !constant,
        }
    }

    fn xor3(&mut self, a: Word, b: Word, c: Word) -> Word {
        let word = self.xor(a, b);
        self.xor(word, c)
    }

    /// Of single bits.
    fn and(&mut self, a: Word, b: Word) -> Word {
        let is_constant = |word: Word, value| word.constant & 1 == 1 && word.value & 1 == value;
        if is_constant(a, 0) || is_constant(b, 0) {
            Word::constant(0)
        } else if is_constant(a, 1) {
            b
        } else if is_constant(b, 1) {
            a
        } else {
            let value = a.value & b.value & 1;
            self.push(u64::from(value), 1);
            Word {
                value,
                constant: !1,
                negated: 0,
            }
        }
    }

    fn choose(&mut self, a: Word, b: Word, c: Word) -> Word {
        let value = (a.value & b.value) ^ (!a.value & c.value);
        if a.constant | b.constant | c.constant == 0 {
            self.push(u64::from(value), 32);
            return Word::variable(value);
        }
        self.by_bit(a, b, c, Self::choose_bit)
    }

    fn choose_bit(&mut self, a: Word, b: Word, c: Word) -> Word {
        let value = (a.value & b.value) ^ (!a.value & c.value);
        let constant = |word: Word| (word.constant & 1 == 1).then_some(word.value & 1);
        match (constant(a), constant(b), constant(c)) {
            (Some(_), Some(_), Some(_)) => Word::constant(value & 1),
            (Some(0), _, _) => c,
            (_, Some(0), _) => self.and(a.not(), c),
            (_, _, Some(0)) => self.and(a, b),
            (_, _, Some(_)) => self.and(a, b.not()).not(),
            (_, Some(_), _) => self.and(a.not(), c.not()).not(),
            (_, None, None) => {
                self.push(u64::from(value), 1);
                Word::variable(value & 1)
            }
        }
    }

    fn majority(&mut self, a: Word, b: Word, c: Word) -> Word {
        let value = (a.value & b.value) ^ (a.value & c.value) ^ (b.value & c.value);
        if a.constant | b.constant | c.constant == 0 {
            // With each bit goes b ∧ c.
            let both = b.value & c.value;
            for i in 0..32 {
                self.push(u64::from((value >> i & 1) | (both >> i & 1) << 1), 2);
            }
            return Word::variable(value);
        }
        self.by_bit(a, b, c, Self::majority_bit)
    }

    fn majority_bit(&mut self, a: Word, b: Word, c: Word) -> Word {
        let value = (a.value & b.value) ^ (a.value & c.value) ^ (b.value & c.value);
        let constant = |word: Word| (word.constant & 1 == 1).then_some(word.value & 1);
        match (constant(a), constant(b), constant(c)) {
            (Some(_), Some(_), Some(_)) => Word::constant(value & 1),
            (Some(0), _, _) => self.and(b, c),
            (_, Some(0), _) => self.and(a, c),
            (_, _, Some(0)) => self.and(a, b),
            (_, _, Some(_)) => self.and(a.not(), b.not()).not(),
            (_, Some(_), _) => self.and(a.not(), c.not()).not(),
            (Some(_), _, _) => self.and(b.not(), c.not()).not(),
            (None, None, None) => {
                self.push(u64::from(value), 1);
                self.and(b, c);
                Word::variable(value & 1)
            }
        }
    }

    fn by_bit(
        &mut self,
        a: Word,
        b: Word,
        c: Word,
        operation: impl Fn(&mut Self, Word, Word, Word) -> Word,
    ) -> Word {
        (0..32).fold(Word::variable(0), |word, i| {
            let bit = operation(self, a.bit(i), b.bit(i), c.bit(i));
            Word {
                value: word.value | (bit.value & 1) << i,
                constant: word.constant | (bit.constant & 1) << i,
                negated: word.negated | (bit.negated & 1) << i,
            }
        })
    }

    /// The sum, with all its carries, unless every bit is constant.
    fn sum(&mut self, words: &[Word]) -> Word {
        let sum: u64 = words.iter().map(|word| u64::from(word.value)).sum();
        if words.iter().all(|word| word.constant == u32::MAX) {
            return Word::constant(sum as u32);
        }
        let largest = words.len() as u64 * u64::from(u32::MAX);
        self.push(sum, u64::BITS - largest.leading_zeros());
        Word::variable(sum as u32)
    }

    fn compress(&mut self, state: &mut [Word; 8], block: &[Word]) {
        let mut schedule = [Word::constant(0); 64];
        schedule[..BLOCK_LEN].copy_from_slice(block);
        for i in BLOCK_LEN..64 {
            let word = schedule[i - 15];
            let s0 = self.xor3(word.rotate(7), word.rotate(18), word.shift(3));
            let word = schedule[i - 2];
            let s1 = self.xor3(word.rotate(17), word.rotate(19), word.shift(10));
            schedule[i] = self.sum(&[schedule[i - 16], s0, schedule[i - 7], s1]);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
        // The sums that make e and a are put off until the next round needs them.
        let mut put_off: Option<([Word; 5], Word, [Word; 2])> = None;
        for (&key, &word) in KEYS.iter().zip(&schedule) {
            if let Some(([t0, t1, t2, t3, t4], d, _)) = put_off {
                e = self.sum(&[t0, t1, t2, t3, t4, d]);
            }
            let s1 = self.xor3(e.rotate(6), e.rotate(11), e.rotate(25));
            let chosen = self.choose(e, f, g);
            let terms = [h, s1, chosen, Word::constant(key), word];
            if let Some(([t0, t1, t2, t3, t4], _, [u0, u1])) = put_off {
                a = self.sum(&[t0, t1, t2, t3, t4, u0, u1]);
            }
            let s0 = self.xor3(a.rotate(2), a.rotate(13), a.rotate(22));
            let majority = self.majority(a, b, c);
            put_off = Some((terms, d, [s0, majority]));
            (h, g, f) = (g, f, e);
            (d, c, b) = (c, b, a);
        }
        let ([t0, t1, t2, t3, t4], before_d, [u0, u1]) = put_off.expect("there are rounds");
        *state = [
            self.sum(&[t0, t1, t2, t3, t4, u0, u1, state[0]]),
            self.sum(&[state[1], b]),
            self.sum(&[state[2], c]),
            self.sum(&[state[3], d]),
            self.sum(&[t0, t1, t2, t3, t4, before_d, state[4]]),
            self.sum(&[state[5], f]),
            self.sum(&[state[6], g]),
            self.sum(&[state[7], h]),
        ];
    }
}

/// Allocates what SHA-256 over whole words allocates, and gives the digest.
pub fn sha256<CS: ConstraintSystem<Fr>>(cs: &mut CS, mut message: Vec<Word>) -> [u8; 32] {
    let n_bits = message.len() as u64 * 32;
    message.push(Word::constant(1 << 31));
    while message.len() % BLOCK_LEN != BLOCK_LEN - 2 {
        message.push(Word::constant(0));
    }
    message.extend([n_bits >> 32, n_bits & 0xffff_ffff].map(|half| Word::constant(half as u32)));
    let mut bits = Bits::into(cs);
    let mut state = STATE.map(Word::constant);
    for block in message.chunks_exact(BLOCK_LEN) {
        bits.compress(&mut state, block);
    }
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.value.to_be_bytes();
    }
    digest
}

/// Allocates the 255 bits of a node, least significant first.
pub fn node_bits<CS: ConstraintSystem<Fr>>(cs: &mut CS, node: &Node) {
    let mut bits = Bits::into(cs);
    for (i, bytes) in node.0.as_chunks::<8>().0.iter().enumerate() {
        bits.push(u64::from_le_bytes(*bytes), if i < 3 { 64 } else { 63 });
    }
}
