//! Which instructions the CPU takes changes no answer, and is named where it is not the best.

use std::fs;

use kernels::{Backend, Cpu, Level};

use crate::engine::{command, folder, json, refused, run, text};

#[test]
fn every_level_seals_the_same() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, [7; 2000]).unwrap();
    let seal = |level: Level| {
        let (dir, level) = (folder.path().join(level.to_string()), level.to_string());
        let args = [
            "seal",
            "--json",
            "--skip-proof",
            "--cpu",
            &level,
            "--dir",
            text(&dir),
            text(&file),
        ];
        json(&args)
    };
    let sealed = seal(Level::Portable);
    let name = Cpu::at(Level::Portable).unwrap().info().name.clone();
    assert_eq!(sealed["stages"][1]["device"], name);
    for level in [Level::Adx, Level::Ifma]
        .into_iter()
        .filter(|level| level.is_there())
    {
        assert_eq!(seal(level)["comm_r"], sealed["comm_r"], "{level}");
    }
}

#[test]
fn a_level_that_is_none_is_refused() {
    let words = ["\"mmx\" is no level of instructions", "portable, adx or ifma"];
    let output = command(&["sizes"]).env("LODE_CPU", "mmx").output().unwrap();
    refused(&output, &[&words[..], &["LODE_CPU"]].concat());
    let folder = folder();
    let config = folder.path().join("lode.toml");
    fs::write(&config, "cpu = 'mmx'").unwrap();
    let output = run(&["sizes", "--config", text(&config)]);
    refused(&output, &[&words[..], &["lode.toml"]].concat());
}
