//! Putting a node among its siblings at an index that only the witness knows.

use bellperson::{
    gadgets::{boolean::AllocatedBit, num::AllocatedNum},
    ConstraintSystem, SynthesisError,
};
use kernels::Fr;

type Num = AllocatedNum<Fr>;

/// The children of a node's parent: `siblings` with `node` inserted at the index that `bits` spell,
/// least significant first.
///
/// # Errors
/// `AssignmentMissing` where a value is asked for and there is none.
///
/// # Panics
/// When there is neither one sibling nor seven: the protocol's trees have no other arity.
pub fn insert<CS: ConstraintSystem<Fr>>(
    cs: CS,
    node: &Num,
    bits: &[AllocatedBit],
    siblings: &[Num],
) -> Result<Vec<Num>, SynthesisError> {
    match (bits, siblings) {
        ([bit], [sibling]) => insert_2(cs, node, bit, sibling),
        ([low, middle, high], [b, c, d, e, f, g, h]) => {
            insert_8(cs, node, [low, middle, high], [b, c, d, e, f, g, h])
        }
        _ => panic!("there is no insertion among {} siblings", siblings.len()),
    }
}

fn insert_2<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    x: &Num,
    bit: &AllocatedBit,
    sibling: &Num,
) -> Result<Vec<Num>, SynthesisError> {
    Ok(vec![
        pick(cs.namespace(|| "child_0"), bit, sibling, x)?,
        pick(cs.namespace(|| "child_1"), bit, x, sibling)?,
    ])
}

/// Child `i` is a sibling or the node `x`, chosen bit by bit: `child_3_xx0` is what stands there if the
/// high bit is 0, whatever the others are.
fn insert_8<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    x: &Num,
    [low, middle, high]: [&AllocatedBit; 3],
    [b, c, d, e, f, g, h]: [&Num; 7],
) -> Result<Vec<Num>, SynthesisError> {
    let nor = &AllocatedBit::nor(cs.namespace(|| "low nor middle"), low, middle)?;
    let and = &AllocatedBit::and(cs.namespace(|| "low and middle"), low, middle)?;
    let mut pick = |name, bit, one, zero| pick(cs.namespace(|| name), bit, one, zero);

    let child_0_xx0 = pick("child_0_xx0", nor, x, b)?;
    let child_0 = pick("child_0", high, b, &child_0_xx0)?;

    let child_1_x00 = pick("child_1_x00", low, x, b)?;
    let child_1_xx0 = pick("child_1_xx0", middle, c, &child_1_x00)?;
    let child_1 = pick("child_1", high, c, &child_1_xx0)?;

    let child_2_x10 = pick("child_2_x10", low, d, x)?;
    let child_2_xx0 = pick("child_2_xx0", middle, &child_2_x10, c)?;
    let child_2 = pick("child_2", high, d, &child_2_xx0)?;

    let child_3_xx0 = pick("child_3_xx0", and, x, d)?;
    let child_3 = pick("child_3", high, e, &child_3_xx0)?;

    let child_4_xx1 = pick("child_4_xx1", nor, x, f)?;
    let child_4 = pick("child_4", high, &child_4_xx1, e)?;

    let child_5_x01 = pick("child_5_x01", low, x, f)?;
    let child_5_xx1 = pick("child_5_xx1", middle, g, &child_5_x01)?;
    let child_5 = pick("child_5", high, &child_5_xx1, f)?;

    let child_6_x11 = pick("child_6_x11", low, h, x)?;
    let child_6_xx1 = pick("child_6_xx1", middle, &child_6_x11, g)?;
    let child_6 = pick("child_6", high, &child_6_xx1, g)?;

    let child_7_xx1 = pick("child_7_xx1", and, x, h)?;
    let child_7 = pick("child_7", high, &child_7_xx1, h)?;

    Ok(vec![
        child_0, child_1, child_2, child_3, child_4, child_5, child_6, child_7,
    ])
}

/// The one of `nodes`, a power of two of them, at the index that `bits` spell, least significant first; one
/// variable and one constraint less than there are nodes.
///
/// # Errors
/// As [`insert`].
///
/// # Panics
/// When there are not `2^bits` nodes.
pub fn select<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    nodes: &[Num],
    bits: &[AllocatedBit],
) -> Result<Num, SynthesisError> {
    assert_eq!(nodes.len(), 1 << bits.len(), "nodes to select among");
    let mut left = nodes.to_vec();
    for (row, bit) in bits.iter().enumerate().rev() {
        let (low, high) = left.split_at(left.len() / 2);
        let pairs = high.iter().zip(low).enumerate();
        let picked =
            pairs.map(|(i, (high, low))| pick(cs.namespace(|| format!("bit_{row}_{i}")), bit, high, low));
        left = picked.collect::<Result<_, _>>()?;
    }
    Ok(left.swap_remove(0))
}

/// `bit ? one : zero`, as `(zero − one) · bit = zero − picked`; one variable, one constraint.
fn pick<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    bit: &AllocatedBit,
    one: &Num,
    zero: &Num,
) -> Result<Num, SynthesisError> {
    let picked = AllocatedNum::alloc(cs.namespace(|| "picked"), || {
        let bit = bit.get_value().ok_or(SynthesisError::AssignmentMissing)?;
        let picked = if bit { one } else { zero };
        picked.get_value().ok_or(SynthesisError::AssignmentMissing)
    })?;
    cs.enforce(
        || "bit ? one : zero",
        |lc| lc + zero.get_variable() - one.get_variable(),
        |lc| lc + bit.get_variable(),
        |lc| lc + zero.get_variable() - picked.get_variable(),
    );
    Ok(picked)
}
