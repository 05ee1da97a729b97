//! The tokens of a text. Quotes, heredocs and holes always come in pairs: in a broken text the lexer adds the missing ends.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Ident,
    Number,
    /// `"` that begins a string, and the one that ends it.
    OpenQuote,
    CloseQuote,
    /// `<<EOT` or `<<-EOT` with its line break, and the line that ends it (without its line break).
    OpenHeredoc,
    CloseHeredoc,
    /// Text of a quoted string up to the next hole, or of a heredoc up to the next hole or the end of the line.
    Literal,
    /// `${`, `${~`
    OpenHole,
    /// `%{`, `%{~`
    OpenDirective,
    /// `}`, `~}` of either.
    CloseHole,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    OpenParen,
    CloseParen,
    Newline,
    /// An operator or separator: its text tells which.
    Symbol,
    /// A piece that cannot be read; its problem is reported.
    Bad,
    End,
}

impl TokenKind {
    /// `{`, `[` or `(`.
    pub(super) fn opens_bracket(self) -> bool {
        matches!(self, Self::OpenBrace | Self::OpenBracket | Self::OpenParen)
    }

    /// `}`, `]` or `)`.
    pub(super) fn closes_bracket(self) -> bool {
        matches!(
            self,
            Self::CloseBrace | Self::CloseBracket | Self::CloseParen
        )
    }
}

/// A piece of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// First byte.
    pub(super) start: u32,
    /// One past the last byte.
    pub(super) end: u32,
    /// Of an opening quote, heredoc, hole or directive: the index of its end; else the token's own index.
    pub(super) partner: u32,
}

/// A comment, with its marks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comment {
    /// First byte.
    pub(super) start: u32,
    /// One past the last byte; the line break is not part of it.
    pub(super) end: u32,
}

/// A text and its tokens.
pub(super) struct Tokens<'a> {
    pub(super) text: &'a str,
    /// The last one is `End`.
    pub(super) list: Vec<Token>,
    /// In order. They are no tokens: nothing of the grammar sees them.
    pub(super) comments: Vec<Comment>,
}

impl<'a> Tokens<'a> {
    /// A token; `End` behind the last one.
    pub(super) fn at(&self, index: usize) -> Token {
        let end = Token {
            kind: TokenKind::End,
            start: 0,
            end: 0,
            partner: 0,
        };
        self.list
            .get(index)
            .or(self.list.last())
            .copied()
            .unwrap_or(end)
    }

    pub(super) fn kind(&self, index: usize) -> TokenKind {
        self.at(index).kind
    }

    pub(super) fn text(&self, index: usize) -> &'a str {
        let token = self.at(index);
        self.text
            .get(token.start as usize..token.end as usize)
            .unwrap_or_default()
    }

    pub(super) fn is_symbol(&self, index: usize, symbol: &str) -> bool {
        self.kind(index) == TokenKind::Symbol && self.text(index) == symbol
    }

    /// What closes the bracket, the quote or the heredoc that opens here; the end of the text where nothing does.
    pub(super) fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        let mut at = open;
        loop {
            match self.kind(at) {
                TokenKind::End => return at,
                TokenKind::OpenQuote | TokenKind::OpenHeredoc => {
                    at = self.at(at).partner as usize;
                }
                kind if kind.opens_bracket() => depth += 1,
                kind if kind.closes_bracket() => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
            at += 1;
        }
    }

    /// Whether nothing but spaces stands before the token on its line, and if so how many bytes.
    pub(super) fn margin(&self, index: usize) -> Option<u32> {
        let start = self.at(index).start as usize;
        let before = self.text.get(..start)?;
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let indent = before.get(line..)?;
        indent
            .bytes()
            .all(|byte| byte == b' ' || byte == b'\t')
            .then(|| u32::try_from(indent.len()).unwrap_or(u32::MAX))
    }

    /// Bytes of indentation of the line that the token stands on.
    pub(super) fn indent(&self, index: usize) -> u32 {
        let before = self
            .text
            .get(..self.at(index).start as usize)
            .unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(line..).unwrap_or_default();
        let indent = line
            .bytes()
            .take_while(|byte| *byte == b' ' || *byte == b'\t')
            .count();
        u32::try_from(indent).unwrap_or(u32::MAX)
    }

    /// A token in a message: as it is written, or what it is.
    pub(super) fn describe(&self, index: usize) -> String {
        match self.kind(index) {
            TokenKind::Newline => "the end of the line".to_owned(),
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::OpenQuote | TokenKind::OpenHeredoc => "a string".to_owned(),
            TokenKind::Literal => "text".to_owned(),
            _ => format!("`{}`", self.text(index)),
        }
    }
}

/// Kinds of block at the top of a grid that this version builds.
pub(super) const TOP: &[&str] = &[
    "step",
    "resource",
    "data",
    "scenario",
    "flow",
    "setup",
    "teardown",
    "vu_setup",
    "vu_teardown",
    "metric",
    "threshold",
    "variable",
    "locals",
    "grid",
];
/// The kind of block that says where modules come from.
pub(super) const MODULES: &str = "modules";
/// Kinds of block of a manifest, which may be in a grid by mistake.
const TOP_OF_MANIFESTS: &[&str] = &["runner", "asset"];

/// Whether a word may begin a block at the top of a grid or a manifest: a line that begins with one and opens a brace is
/// where reading goes on after a broken block.
pub(super) fn is_top_kind(word: &str) -> bool {
    word == MODULES || TOP.contains(&word) || TOP_OF_MANIFESTS.contains(&word)
}

/// Whether the line that starts at `at` is the header of a top-level block: `KIND "LABEL".. {` with nothing before it.
pub(super) fn is_header_line(text: &str, at: usize) -> bool {
    let line = text
        .get(at..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let kind_end = line
        .find(|character: char| !is_ident_continue(character))
        .unwrap_or(line.len());
    let Some((kind, rest)) = line.split_at_checked(kind_end) else {
        return false;
    };
    if !is_top_kind(kind) {
        return false;
    }
    let Some((labels, _)) = rest.split_once('{') else {
        return false;
    };
    // The label of a threshold is any text.
    let mut outside = labels.split('"').step_by(2);
    kind == "threshold" && outside.all(|part| part.trim().is_empty())
        || labels
            .chars()
            .all(|character| is_ident_continue(character) || matches!(character, ' ' | '\t' | '"'))
}

/// The start of the next line, from `at` on, that is the header of a top-level block, else the text's end.
pub(super) fn next_header_line(text: &str, at: usize) -> usize {
    let mut line = at;
    while let Some(found) = text.get(line..).and_then(|rest| rest.find('\n')) {
        line += found + 1;
        if is_header_line(text, line) {
            return line;
        }
    }
    text.len()
}

pub(super) fn is_ident_start(character: char) -> bool {
    character == '_' || unicode_ident::is_xid_start(character)
}

pub(super) fn is_ident_continue(character: char) -> bool {
    character == '-' || unicode_ident::is_xid_continue(character)
}

/// Whether a text is one name.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(is_ident_start) && text.chars().all(is_ident_continue)
}
