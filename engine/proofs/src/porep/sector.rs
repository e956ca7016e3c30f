//! A sealed sector: its files, opened where a proof asks, and found out where they are damaged.

use kernels::{Hash, Node};

use super::vanilla::{column_digest, encoded, Checker, Column, Flaw, Opening, Statement};
use crate::{
    error::Part,
    geometry::Geometry,
    graph::Graph,
    path::{digest, rebuild, Path, TreeHash},
    sdr::first_wrong,
    tree::Crown,
    Error, Result,
};

/// A sealed sector, file by file, as it lies on a disk.
#[derive(Clone, Debug)]
pub struct Sector<'a> {
    /// Root of the columns, from `p_aux`.
    pub comm_c: Node,
    /// Root of the replica, from `p_aux`.
    pub comm_r_last: Node,
    /// Every layer of labels, the first one first.
    pub layers: Vec<&'a [Node]>,
    /// Tree D.
    pub tree_d: &'a [Node],
    /// The base trees of tree C.
    pub tree_c: Vec<&'a [Node]>,
    /// The base trees of tree R-last, without their discarded rows.
    pub tree_r_last: Vec<&'a [Node]>,
    /// The replica.
    pub replica: &'a [Node],
}

impl Sector<'_> {
    /// Whether every part is there and as long as the geometry says.
    ///
    /// # Errors
    /// When one is not: the first such part.
    pub fn check_lengths(&self, geometry: &Geometry) -> Result<()> {
        count("layers", geometry.layers, self.layers.len())?;
        count("tree_c", geometry.n_base_trees(), self.tree_c.len())?;
        count("tree_r_last", geometry.n_base_trees(), self.tree_r_last.len())?;
        let n_nodes = geometry.n_nodes();
        length(Part::TreeD, geometry.tree_d_len(), self.tree_d)?;
        for (layer, labels) in (1..).zip(&self.layers) {
            length(Part::Layer(layer), n_nodes, labels)?;
        }
        for (base, tree) in self.tree_c.iter().enumerate() {
            length(Part::TreeC(base), geometry.base_tree_len(), tree)?;
        }
        for (base, tree) in self.tree_r_last.iter().enumerate() {
            length(Part::TreeRLast(base), geometry.tree_r_last_len(), tree)?;
        }
        length(Part::Replica, n_nodes, self.replica)
    }

    fn labels(&self, node: usize) -> Vec<Node> {
        self.layers.iter().map(|layer| layer[node]).collect()
    }
}

pub(crate) fn count(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Count {
            what,
            expected,
            found,
        })
    }
}

pub(crate) fn length(part: Part, expected: usize, nodes: &[Node]) -> Result<()> {
    if nodes.len() == expected {
        Ok(())
    } else {
        Err(Error::Length {
            part,
            expected,
            found: nodes.len(),
        })
    }
}

/// Whether these are the roots that comm_r stands for.
pub(crate) fn check_aux(comm_c: Node, comm_r_last: Node, comm_r: Node) -> Result<()> {
    let part = Part::Aux;
    for (node, root) in [comm_c, comm_r_last].into_iter().enumerate() {
        root.to_fr().ok_or(Error::NotCanonical { part, node })?;
    }
    if super::comm_r(comm_c, comm_r_last)? == comm_r {
        Ok(())
    } else {
        Err(Error::NotCommitted { part, node: 0 })
    }
}

/// What stands above the base trees of a sector whose lengths were checked.
pub(crate) fn crown(geometry: &Geometry, trees: &[&[Node]], part: fn(usize) -> Part) -> Result<Crown> {
    let roots = trees
        .iter()
        .map(|tree| *tree.last().expect("the lengths were checked"));
    Crown::new(geometry, roots.collect(), part)
}

/// Opens nodes of a sector, and checks what it opens.
pub(super) struct Opener<'a> {
    sector: &'a Sector<'a>,
    checker: Checker<'a>,
    pub crown_c: Crown,
    pub crown_r_last: Crown,
}

impl<'a> Opener<'a> {
    pub fn new(sector: &'a Sector<'a>, graph: &'a Graph, statement: &'a Statement) -> Result<Opener<'a>> {
        let geometry = statement.geometry;
        assert_eq!(graph.n_nodes(), geometry.n_nodes(), "nodes of the graph");
        sector.check_lengths(geometry)?;
        let Sector {
            comm_c, comm_r_last, ..
        } = *sector;
        check_aux(comm_c, comm_r_last, statement.comm_r)?;
        Ok(Opener {
            sector,
            checker: Checker {
                statement,
                graph,
                comm_c,
                comm_r_last,
            },
            crown_c: crown(geometry, &sector.tree_c, Part::TreeC)?,
            crown_r_last: crown(geometry, &sector.tree_r_last, Part::TreeRLast)?,
        })
    }

    /// Opens a node, or says which file is to blame that it cannot.
    pub fn open(&self, challenge: u64) -> Result<Opening> {
        let geometry = self.geometry();
        let node = challenge as usize;
        let Sector {
            replica,
            ref tree_r_last,
            ..
        } = *self.sector;
        let replica = Path::in_tree_r_last(geometry, replica, tree_r_last, &self.crown_r_last, node);
        let parents = self.checker.graph.parents(node);
        let opening = Opening {
            challenge,
            data: Path::in_tree_d(geometry, self.sector.tree_d, node),
            replica: replica.ok_or_else(|| self.blame_replica(node))?,
            column: self.column(node),
            parents: parents.map(|parent| self.column(parent as usize)).into(),
        };
        match self.checker.flaw(challenge, &opening) {
            None => Ok(opening),
            Some(flaw) => Err(self.blame(node, flaw)),
        }
    }

    fn geometry(&self) -> &'static Geometry {
        self.checker.statement.geometry
    }

    fn column(&self, node: usize) -> Column {
        let path = Path::in_tree_c(self.geometry(), &self.sector.tree_c, &self.crown_c, node);
        Column {
            labels: self.sector.labels(node),
            path,
        }
    }
}

/// Finding the file that is to blame: slow, and only run when there is one.
impl Opener<'_> {
    fn blame(&self, challenge: usize, flaw: Flaw) -> Error {
        let (part, node) = match flaw {
            Flaw::Form => unreachable!("openings are made in their form"),
            Flaw::Data => {
                let tree = self.sector.tree_d;
                let broken = broken(tree, self.geometry().n_nodes(), Hash::Sha256, challenge);
                (Part::TreeD, broken.unwrap_or(tree.len() - 1))
            }
            Flaw::Column(node) => self.blame_column(node as usize),
            Flaw::Label(layer) => (Part::Layer(layer), challenge),
            Flaw::Encoding => (Part::Replica, challenge),
            Flaw::Replica => return self.blame_replica(challenge),
        };
        Error::NotCommitted { part, node }
    }

    /// The column of a node does not lead to comm_c: tree C is to blame, or a layer.
    pub fn blame_column(&self, node: usize) -> (Part, usize) {
        let path = Path::in_tree_c(self.geometry(), &self.sector.tree_c, &self.crown_c, node);
        if path.root(TreeHash::Poseidon) != Some(self.checker.comm_c) {
            return self.blame_tree_c(node);
        }
        // The leaf of tree C is what was committed, so the labels are not.
        let Checker { graph, statement, .. } = self.checker;
        let layers = &self.sector.layers;
        let wrong = |&layer: &usize| {
            let previous = if layer == 1 { &[][..] } else { layers[layer - 2] };
            let rows = (previous, layers[layer - 1]);
            first_wrong(graph, statement.replica_id, layer as u32, rows, node..node + 1).is_some()
        };
        let layer = (1..=layers.len()).find(wrong).unwrap_or(layers.len());
        (Part::Layer(layer), node)
    }

    fn blame_tree_c(&self, node: usize) -> (Part, usize) {
        let geometry = self.geometry();
        let n_leaves = geometry.base_leaves();
        let in_base = |base: usize, leaf: usize| {
            let tree = self.sector.tree_c[base];
            let leaf_holds = column_digest(&self.sector.labels(base * n_leaves + leaf)) == Some(tree[leaf]);
            let above = broken(tree, n_leaves, Hash::Poseidon8, leaf);
            above
                .or((!leaf_holds).then_some(leaf))
                .map(|node| (Part::TreeC(base), node))
        };
        // The base tree on the way; else one whose root stands beside it.
        let (base, leaf) = (node / n_leaves, node % n_leaves);
        let found =
            in_base(base, leaf).or_else(|| (0..geometry.n_base_trees()).find_map(|base| in_base(base, 0)));
        found.unwrap_or((Part::TreeC(base), geometry.base_tree_len() - 1))
    }

    /// The replica does not lead to comm_r_last: it is to blame itself, or tree R-last.
    fn blame_replica(&self, node: usize) -> Error {
        let geometry = self.geometry();
        let width = 8usize.pow(geometry.rows_discarded() as u32 + 1);
        let (base, row) = (
            node / geometry.base_leaves(),
            node % geometry.base_leaves() / width,
        );
        if let Some(error) = self.blame_window(base, row) {
            return error;
        }
        let n_rows = geometry.base_leaves() / width;
        if let Some(node) = broken(self.sector.tree_r_last[base], n_rows, Hash::Poseidon8, row) {
            return Error::NotCommitted {
                part: Part::TreeRLast(base),
                node,
            };
        }
        // Everything holds up to the root of this base tree: another one's root is to blame.
        let others = (0..geometry.n_base_trees()).find_map(|base| {
            let above = broken(self.sector.tree_r_last[base], n_rows, Hash::Poseidon8, 0);
            let above = above.map(|node| Error::NotCommitted {
                part: Part::TreeRLast(base),
                node,
            });
            above.or_else(|| self.blame_window(base, 0))
        });
        let root = geometry.tree_r_last_len() - 1;
        others.unwrap_or(Error::NotCommitted {
            part: Part::TreeRLast(base),
            node: root,
        })
    }

    /// Whether the replica under a kept node leads to it, and if not, which of the two is to blame.
    fn blame_window(&self, base: usize, row: usize) -> Option<Error> {
        let geometry = self.geometry();
        let width = 8usize.pow(geometry.rows_discarded() as u32 + 1);
        let first = base * geometry.base_leaves() + row * width;
        let Sector {
            replica,
            ref layers,
            tree_d,
            ..
        } = *self.sector;
        let window = &replica[first..first + width];
        let rebuilt = rebuild(window).and_then(|tree| tree.last().copied());
        if rebuilt == Some(self.sector.tree_r_last[base][row]) {
            return None;
        }
        if let Some(offset) = window.iter().position(|node| node.to_fr().is_none()) {
            return Some(Error::NotCanonical {
                part: Part::Replica,
                node: first + offset,
            });
        }
        let key = layers.last().expect("the lengths were checked");
        let wrong = |&node: &usize| encoded(key[node], tree_d[node]) != Some(replica[node]);
        let (part, node) = match (first..first + width).find(wrong) {
            Some(node) => (Part::Replica, node),
            None => (Part::TreeRLast(base), row),
        };
        Some(Error::NotCommitted { part, node })
    }
}

/// Where in a tree that lies row after row a node on the way up from a leaf is not the digest of its children.
pub(crate) fn broken(tree: &[Node], n_leaves: usize, hash: Hash, leaf: usize) -> Option<usize> {
    let arity = hash.arity();
    let (mut start, mut width, mut index) = (0, n_leaves, leaf);
    while 1 < width {
        let first = start + index / arity * arity;
        let parent = start + width + index / arity;
        if digest(hash, &tree[first..first + arity]) != Some(tree[parent]) {
            return Some(parent);
        }
        (start, width, index) = (start + width, width / arity, index / arity);
    }
    None
}
