//! Proof of replication: what is asked, the answer in the open, and the answer in R1CS.

pub mod challenge;
pub mod vanilla;
