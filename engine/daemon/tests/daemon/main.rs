//! The daemon from outside: the real binary on real files.

mod adopt;
mod aggregate;
mod bad_input;
mod committed_capacity;
mod damaged_files;
mod engine;
mod examples;
mod golden_seal;
mod import;
mod level;
mod loose;
mod mirror;
mod names;
mod non_interactive;
mod post;
mod proofs;
mod raw_proofs;
mod several_sectors;
mod synthetic;
mod trust;
mod updates;
mod verbs;
mod whole_way;
