use engine_proofs::{fr32, geometry::*, graph::Graph, piece::CommP, registered::*};
use std::time::Instant;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap()) / 100.0
}
fn main() {
    for (size, v) in [
        ("2KiB", SealProof::V1_1),
        ("512MiB", SealProof::V1_1),
        ("32GiB", SealProof::V1_1),
        ("64GiB", SealProof::V1_1),
    ] {
        let size: SectorSize = size.parse().unwrap();
        let n = Geometry::of(size).n_nodes();
        let t = Instant::now();
        let g = Graph::new(n, &v.porep_id(size), v.api_version());
        let tn = t.elapsed();
        let len = (1usize << 20).min(n);
        let mut p = vec![[0u32; 14]; len];
        let c = cpu();
        let t = Instant::now();
        let mut reps = 0;
        while t.elapsed().as_secs_f64() < 1.5 {
            g.fill(n - len, &mut p);
            reps += 1;
        }
        println!(
            "{size}: new {tn:?}; {:.1} ns cpu per node, wall {:.1}",
            (cpu() - c) * 1e9 / (len * reps) as f64,
            t.elapsed().as_secs_f64() * 1e9 / (len * reps) as f64
        );
    }
    let data = vec![0xa5u8; 127 << 20];
    let mut out = vec![0u8; 128 << 20];
    for _ in 0..2 {
        let t = Instant::now();
        let c = cpu();
        fr32::pad(&data, &mut out);
        println!(
            "pad {:.2} GB/s cpu {:.2}",
            data.len() as f64 / 1e9 / t.elapsed().as_secs_f64(),
            data.len() as f64 / 1e9 / (cpu() - c)
        );
    }
    let mut back = data.clone();
    for _ in 0..2 {
        let t = Instant::now();
        let c = cpu();
        fr32::unpad(&out, &mut back);
        println!(
            "unpad {:.2} GB/s cpu {:.2}",
            data.len() as f64 / 1e9 / t.elapsed().as_secs_f64(),
            data.len() as f64 / 1e9 / (cpu() - c)
        );
    }
    let dev = kernels::Cpu::default();
    let c = cpu();
    let t = Instant::now();
    let mut p = CommP::new(&dev);
    for b in data.chunks(1 << 20) {
        p.update(b).unwrap();
    }
    let q = p.finish().unwrap();
    println!(
        "commp {:?} {:.0} MB/s per cpu-second, wall {:.0} MB/s",
        q.size,
        data.len() as f64 / 1e6 / (cpu() - c),
        data.len() as f64 / 1e6 / t.elapsed().as_secs_f64()
    );
}
