//! Thirty-two bytes as people write them: 64 hexadecimal digits.

use kernels::Node;

/// What is wrong with a word that should be 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// Too short or too long.
    #[error("{length} characters where 64 hexadecimal digits must stand")]
    Length {
        /// How many there are.
        length: usize,
    },
    /// A character that is no digit.
    #[error("character {position} is {character:?}, which is no hexadecimal digit")]
    Digit {
        /// Where it stands, counted from 1.
        position: usize,
        /// What stands there.
        character: char,
    },
}

/// Reads 32 bytes from 64 hexadecimal digits, of either case, and nothing else.
///
/// # Errors
/// When the word has another length, or holds a character that is no digit: that one is named first.
pub fn parse(word: &str) -> Result<[u8; 32], HexError> {
    let mut bytes = [0; 32];
    let mut length = 0;
    for character in word.chars() {
        let digit = character.to_digit(16).ok_or(HexError::Digit {
            position: length + 1,
            character,
        })?;
        if let Some(byte) = bytes.get_mut(length / 2) {
            *byte = *byte << 4 | digit as u8;
        }
        length += 1;
    }
    if length != 64 {
        return Err(HexError::Length { length });
    }
    Ok(bytes)
}

/// What is wrong with a word that should be a commitment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// It is no 64 hexadecimal digits.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// It is a number that no field element is.
    #[error("{node} is not below the modulus of the field, so it is no commitment")]
    NotCanonical {
        /// The 32 bytes.
        node: Node,
    },
}

/// Reads a commitment or a replica id: 64 hexadecimal digits of a field element, little-endian.
///
/// # Errors
/// As [`parse`]; and when the number is not below the modulus.
pub fn parse_node(word: &str) -> Result<Node, NodeError> {
    let node = Node(parse(word)?);
    match node.to_fr() {
        Some(_) => Ok(node),
        None => Err(NodeError::NotCanonical { node }),
    }
}

/// Writes lower-case hexadecimal digits.
pub(crate) fn write(f: &mut std::fmt::Formatter<'_>, bytes: &[u8]) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, error: &str) {
        assert_eq!(parse_node(word).unwrap_err().to_string(), error);
    }

    #[test]
    fn sixty_four_digits_are_thirty_two_bytes() {
        let word = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        assert_eq!(parse(word).unwrap(), std::array::from_fn(|i| i as u8));
    }

    #[test]
    fn an_error_names_what_is_wrong() {
        let digits = "0".repeat(64);
        check("", "0 characters where 64 hexadecimal digits must stand");
        check(
            &digits[1..],
            "63 characters where 64 hexadecimal digits must stand",
        );
        check(
            &format!("{digits}0"),
            "65 characters where 64 hexadecimal digits must stand",
        );
        check(
            &digits.replacen('0', "0x", 1),
            "character 2 is 'x', which is no hexadecimal digit",
        );
        check(
            &format!("{}é", &digits[1..]),
            "character 64 is 'é', which is no hexadecimal digit",
        );
        let large = "f".repeat(64);
        check(
            &large,
            &format!("{large} is not below the modulus of the field, so it is no commitment"),
        );
    }
}
