//! Inverses modulo p, one by one: Bernstein and Yang's divisions, 62 steps at a time.
//!
//! It takes a fraction of what a power takes, and longer for some numbers than for others: nothing here is secret.

use super::fp::{power_of_two, Words, MODULUS};

const N_LIMBS: usize = 7;
const LIMB_BITS: u32 = 62;
const LIMB: i64 = (1 << LIMB_BITS) - 1;

/// A number of up to 434 bits; the last limb has the sign.
type Signed = [i64; N_LIMBS];

const P: Signed = signed(MODULUS);

/// `p⁻¹ mod 2⁶²`.
const P_INVERSE: i64 = {
    let mut inverse: i64 = 1;
    let mut n = 0;
    // Newton: each turn doubles the bits that are right.
    while n < 6 {
        inverse = inverse.wrapping_mul(2i64.wrapping_sub(P[0].wrapping_mul(inverse)));
        n += 1;
    }
    inverse & LIMB
};

/// What 62 steps do to a pair, times 2⁶².
struct Steps {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// `2⁸³² / a mod p`: the inverse of an element in Montgomery form for 2⁴¹⁶. `a` is not zero, and below p.
pub(super) fn inverse(a: Words) -> Words {
    // In all that follows, d·a = f and e·a = g, times 2⁸³².
    let (mut d, mut e) = ([0; N_LIMBS], const { signed(power_of_two(832)) });
    let (mut f, mut g) = (P, signed(a));
    let mut delta = -1;
    while g.iter().any(|limb| *limb != 0) {
        let steps;
        (delta, steps) = Steps::of(delta, f[0], g[0]);
        steps.apply(&mut f, &mut g);
        steps.apply_modulo(&mut d, &mut e);
    }
    // f is 1 or −1, and d lies between −2·p and p.
    let is_opposite = f[N_LIMBS - 1] < 0;
    if d[N_LIMBS - 1] < 0 {
        d = plus_modulus(d);
    }
    if is_opposite {
        d = carried(d.map(|limb| -limb));
    }
    while d[N_LIMBS - 1] < 0 {
        d = plus_modulus(d);
    }
    words(d)
}

impl Steps {
    /// The steps that the last bits of f and g ask for; f is odd. `delta` counts how much longer g may be.
    fn of(mut delta: i64, f: i64, g: i64) -> (i64, Steps) {
        let (mut f, mut g) = (f as u64, g as u64);
        let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
        let mut n_left = LIMB_BITS;
        loop {
            // Halve g as often as it goes.
            let n_zeros = (g | u64::MAX << n_left).trailing_zeros();
            g >>= n_zeros;
            u <<= n_zeros;
            v <<= n_zeros;
            delta -= i64::from(n_zeros);
            n_left -= n_zeros;
            if n_left == 0 {
                break;
            }
            if delta < 0 {
                delta = -delta;
                (f, g) = (g, f.wrapping_neg());
                (u, q) = (q, u.wrapping_neg());
                (v, r) = (r, v.wrapping_neg());
            }
            // So much of f as makes several bits of g zero: as many as there are steps before the next swap.
            let n_bits = (delta + 1).min(i64::from(n_left)).min(6) as u32;
            let inverse = f.wrapping_mul(2u64.wrapping_sub(f.wrapping_mul(f)));
            let times = g.wrapping_mul(inverse).wrapping_neg() & ((1 << n_bits) - 1);
            g = g.wrapping_add(f.wrapping_mul(times));
            q = q.wrapping_add(u.wrapping_mul(times));
            r = r.wrapping_add(v.wrapping_mul(times));
        }
        let [u, v, q, r] = [u, v, q, r].map(|factor| factor as i64);
        (delta, Steps { u, v, q, r })
    }

    /// `(f, g) = (u·f + v·g, q·f + r·g) / 2⁶²`, which are whole.
    fn apply(&self, f: &mut Signed, g: &mut Signed) {
        let (mut f_carry, mut g_carry) = self.times(f[0], g[0]);
        for i in 1..N_LIMBS {
            f_carry >>= LIMB_BITS;
            g_carry >>= LIMB_BITS;
            let (f_limb, g_limb) = self.times(f[i], g[i]);
            f_carry += f_limb;
            g_carry += g_limb;
            f[i - 1] = f_carry as i64 & LIMB;
            g[i - 1] = g_carry as i64 & LIMB;
        }
        f[N_LIMBS - 1] = (f_carry >> LIMB_BITS) as i64;
        g[N_LIMBS - 1] = (g_carry >> LIMB_BITS) as i64;
    }

    /// The same modulo p, from between −2·p and p to there.
    fn apply_modulo(&self, d: &mut Signed, e: &mut Signed) {
        // p where a number is negative, and then so much of it as makes the last bits zero.
        let (d_sign, e_sign) = (d[N_LIMBS - 1] >> 63, e[N_LIMBS - 1] >> 63);
        let mut d_times = (self.u & d_sign) + (self.v & e_sign);
        let mut e_times = (self.q & d_sign) + (self.r & e_sign);
        let (mut d_carry, mut e_carry) = self.times(d[0], e[0]);
        d_times -= P_INVERSE.wrapping_mul(d_carry as i64).wrapping_add(d_times) & LIMB;
        e_times -= P_INVERSE.wrapping_mul(e_carry as i64).wrapping_add(e_times) & LIMB;
        d_carry += product(P[0], d_times);
        e_carry += product(P[0], e_times);
        for i in 1..N_LIMBS {
            d_carry >>= LIMB_BITS;
            e_carry >>= LIMB_BITS;
            let (d_limb, e_limb) = self.times(d[i], e[i]);
            d_carry += d_limb + product(P[i], d_times);
            e_carry += e_limb + product(P[i], e_times);
            d[i - 1] = d_carry as i64 & LIMB;
            e[i - 1] = e_carry as i64 & LIMB;
        }
        d[N_LIMBS - 1] = (d_carry >> LIMB_BITS) as i64;
        e[N_LIMBS - 1] = (e_carry >> LIMB_BITS) as i64;
    }

    fn times(&self, a: i64, b: i64) -> (i128, i128) {
        (
            product(self.u, a) + product(self.v, b),
            product(self.q, a) + product(self.r, b),
        )
    }
}

fn product(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

fn plus_modulus(mut a: Signed) -> Signed {
    for (limb, modulus) in a.iter_mut().zip(P) {
        *limb += modulus;
    }
    carried(a)
}

fn carried(mut a: Signed) -> Signed {
    for i in 0..N_LIMBS - 1 {
        a[i + 1] += a[i] >> LIMB_BITS;
        a[i] &= LIMB;
    }
    a
}

const fn signed(number: Words) -> Signed {
    let mut limbs = [0; N_LIMBS];
    let mut i = 0;
    while i < N_LIMBS {
        let (word, shift) = (62 * i / 64, 62 * i % 64);
        let mut limb = number[word] >> shift;
        if shift > 2 && word + 1 < number.len() {
            limb |= number[word + 1] << (64 - shift);
        }
        limbs[i] = limb as i64 & LIMB;
        i += 1;
    }
    limbs
}

/// From a number that is not negative, and below 2³⁸⁴.
fn words(limbs: Signed) -> Words {
    let mut words = [0; 6];
    for (i, limb) in limbs.into_iter().enumerate() {
        let (word, shift) = (62 * i / 64, 62 * i % 64);
        words[word] |= (limb as u64) << shift;
        if shift > 2 && word + 1 < words.len() {
            words[word + 1] |= limb as u64 >> (64 - shift);
        }
    }
    words
}
