//! The graph of a body: its order, and its cycles edge by edge. The only file that names petgraph.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::diagnostics::{Problems, codes};
use crate::syntax::decl::Declarations;

use super::model::{BodyId, Edge, LocalId, Node, VariableId};

/// All nodes of a body, each after what it needs of the same body; cycles are reported.
pub(super) fn order(
    declarations: &Declarations,
    body: BodyId,
    edges: &[Edge],
    problems: &mut Problems,
) -> Vec<Node> {
    let graph = Graph::of(declarations, body, edges);
    let mut ring_of = vec![None; graph.nodes.len()];
    let mut rings: Vec<Vec<usize>> = kosaraju_scc(&graph.graph)
        .into_iter()
        .filter(|ring| ring.len() > 1)
        .map(|ring| ring.into_iter().map(NodeIndex::index).collect())
        .collect();
    rings.iter_mut().for_each(|ring| ring.sort_unstable());
    rings.sort_unstable();
    for (number, ring) in rings.iter().enumerate() {
        for node in ring {
            ring_of[*node] = Some(number);
        }
    }
    for ring in &rings {
        report(declarations, &graph.cycle(ring, &ring_of), edges, problems);
    }
    graph.sorted(&ring_of)
}

struct Graph {
    nodes: Vec<Node>,
    /// Edges from a node to what it needs; the weight is the place of the edge.
    graph: DiGraph<(), usize>,
}

impl Graph {
    fn of(declarations: &Declarations, body: BodyId, edges: &[Edge]) -> Graph {
        let (variables, locals) = if body == BodyId::MAIN {
            (declarations.variables.len(), declarations.locals.len())
        } else {
            (0, 0)
        };
        let resources = declarations.body(body).resources.len();
        let nodes: Vec<Node> = (0..variables)
            .map(|at| Node::Variable(VariableId(at)))
            .chain((0..locals).map(|at| Node::Local(LocalId(at))))
            .chain(declarations.resource_ids(body).map(Node::Resource))
            .chain(declarations.step_ids(body).map(Node::Step))
            .collect();
        let index = |node: Node| {
            NodeIndex::new(match node {
                Node::Variable(id) => id.0,
                Node::Local(id) => variables + id.0,
                Node::Resource(id) => variables + locals + id.index,
                Node::Step(id) => variables + locals + resources + id.index,
            })
        };
        let mut graph = DiGraph::with_capacity(nodes.len(), edges.len());
        for _ in &nodes {
            graph.add_node(());
        }
        let inside = |edge: &Edge| edge.from.body() == body && edge.to.body() == body;
        let inside = edges.iter().enumerate().filter(|(_, edge)| inside(edge));
        for (place, edge) in inside {
            graph.add_edge(index(edge.from), index(edge.to), place);
        }
        Graph { nodes, graph }
    }

    /// Kahn's order. Where several nodes are possible, the one that is declared first comes first.
    fn sorted(&self, ring_of: &[Option<usize>]) -> Vec<Node> {
        let counts =
            |from: usize, to: usize| ring_of[from].is_none() || ring_of[from] != ring_of[to];
        let mut open: Vec<usize> = vec![0; self.nodes.len()];
        for edge in self.graph.edge_references() {
            let (from, to) = (edge.source().index(), edge.target().index());
            open[from] += usize::from(counts(from, to));
        }
        let mut ready: BinaryHeap<Reverse<usize>> = (0..open.len())
            .filter(|node| open[*node] == 0)
            .map(Reverse)
            .collect();
        let mut sorted = Vec::with_capacity(open.len());
        while let Some(Reverse(node)) = ready.pop() {
            sorted.push(self.nodes[node]);
            for edge in self
                .graph
                .edges_directed(NodeIndex::new(node), Direction::Incoming)
            {
                let from = edge.source().index();
                if counts(from, node) {
                    open[from] -= 1;
                    if open[from] == 0 {
                        ready.push(Reverse(from));
                    }
                }
            }
        }
        sorted
    }

    /// The shortest way from the first node of a ring back to it, as places of edges.
    fn cycle(&self, ring: &[usize], ring_of: &[Option<usize>]) -> Vec<usize> {
        let Some(&start) = ring.first() else {
            return Vec::new();
        };
        let mut came: Vec<Option<(usize, usize)>> = vec![None; self.nodes.len()];
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            // petgraph lists the newest edge first.
            let mut out: Vec<_> = self.graph.edges(NodeIndex::new(node)).collect();
            out.reverse();
            for edge in out {
                let to = edge.target().index();
                if to == start {
                    let mut way = vec![*edge.weight()];
                    let mut at = node;
                    while at != start {
                        let Some((before, place)) = came[at] else {
                            break;
                        };
                        way.push(place);
                        at = before;
                    }
                    way.reverse();
                    return way;
                }
                if ring_of[to] == ring_of[start] && came[to].is_none() {
                    came[to] = Some((node, *edge.weight()));
                    queue.push_back(to);
                }
            }
        }
        Vec::new()
    }
}

fn report(declarations: &Declarations, cycle: &[usize], edges: &[Edge], problems: &mut Problems) {
    let Some(first) = cycle.first().map(|place| &edges[*place]) else {
        return;
    };
    let mut way: Vec<String> = Vec::new();
    for place in cycle {
        way.push(format!("`{}`", name(declarations, edges[*place].from)));
    }
    way.push(format!("`{}`", name(declarations, first.from)));
    let text = format!("these need each other: {}", way.join(" -> "));
    let problem = problems.error(codes::DEPENDENCY_CYCLE, first.cause, text);
    for place in cycle {
        let edge = &edges[*place];
        let (from, to) = (name(declarations, edge.from), name(declarations, edge.to));
        problem.label(edge.cause, format!("`{from}` needs `{to}`"));
    }
    problem.hint("leave out one of these edges");
}

/// A node as a grid refers to it.
fn name(declarations: &Declarations, node: Node) -> String {
    match node {
        Node::Variable(id) => format!("var.{}", declarations.variables[id.0].name.text),
        Node::Local(id) => format!("local.{}", declarations.locals[id.0].name.text),
        Node::Resource(id) => declarations.resource(id).address(),
        Node::Step(id) => declarations.step(id).address(),
    }
}
