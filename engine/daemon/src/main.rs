//! `lode-engine`: seals, proves and verifies sectors on real disks and devices.

fn main() {}
