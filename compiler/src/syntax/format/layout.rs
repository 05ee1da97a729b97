//! The spaces before each piece: indentation, gaps between neighbours, and columns of `=` and of comments.

use super::pieces::{Kind, Piece, width};
use crate::syntax::token::TokenKind;

/// A line: ranges of pieces, one after the other.
struct Line {
    start: usize,
    /// Where `= VALUE` begins; at `comment` if the line has none.
    assign: usize,
    /// Where the comment at its end begins; at `end` if the line has none.
    comment: usize,
    end: usize,
}

/// Sets all spaces but those before the end of the text.
pub(super) fn layout(pieces: &mut [Piece<'_>]) {
    let lines = lines(pieces);
    indent(&lines, pieces);
    for line in &lines {
        space(line.start, line.assign, pieces);
        if line.assign < line.comment {
            set(pieces, line.assign, 1);
            space(line.assign, line.comment, pieces);
        }
    }
    let has_assign = |line: &Line| line.assign < line.comment;
    align(&lines, has_assign, |line| line.assign, pieces);
    let has_comment = |line: &Line| line.comment < line.end;
    align(&lines, has_comment, |line| line.comment, pieces);
}

fn set(pieces: &mut [Piece<'_>], index: usize, spaces: usize) {
    if let Some(piece) = pieces.get_mut(index) {
        piece.spaces = spaces;
    }
}

fn part<'p, 'a>(pieces: &'p [Piece<'a>], start: usize, end: usize) -> &'p [Piece<'a>] {
    pieces.get(start..end).unwrap_or_default()
}

fn lines(pieces: &[Piece<'_>]) -> Vec<Line> {
    let end = match pieces {
        [before @ .., last] if last.is(TokenKind::End) => before.len(),
        _ => pieces.len(),
    };
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, piece) in part(pieces, 0, end).iter().enumerate() {
        if piece.ends_line() {
            lines.push(line(pieces, start, index + 1));
            start = index + 1;
        }
    }
    if start < end {
        lines.push(line(pieces, start, end));
    }
    lines
}

fn line(pieces: &[Piece<'_>], start: usize, end: usize) -> Line {
    let mut comment = end;
    if let [_, .., last] = part(pieces, start, end)
        && last.kind == Kind::Comment
    {
        comment -= 1;
    }
    let lead = part(pieces, start, comment);
    let is_assign = |(at, piece): &(usize, &Piece<'_>)| *at > 0 && piece.is_symbol("=");
    let assign = lead
        .iter()
        .enumerate()
        .find(is_assign)
        .map(|(at, _)| start + at)
        // A value that goes on in the next lines does not move with those of its neighbours.
        .filter(|at| brackets(part(pieces, *at, comment)) == 0)
        .unwrap_or(comment);
    Line {
        start,
        assign,
        comment,
        end,
    }
}

fn brackets(pieces: &[Piece<'_>]) -> isize {
    pieces.iter().map(Piece::brackets).sum()
}

/// A line that opens brackets, however many, moves those after it one step, until as many are closed.
fn indent(lines: &[Line], pieces: &mut [Piece<'_>]) {
    let mut open: Vec<isize> = Vec::new();
    for line in lines {
        let lead = part(pieces, line.start, line.assign);
        if matches!(lead, [first, ..] if first.is(TokenKind::Newline)) {
            set(pieces, line.start, 0);
            continue;
        }
        // What stands in a heredoc does not count, and what follows `=` opens as much as it closes.
        let heredoc = lead
            .iter()
            .position(|piece| piece.is(TokenKind::OpenHeredoc));
        let counted = heredoc.map_or(lead.len(), |at| at + 1);
        let change = brackets(part(lead, 0, counted));
        let mut spaces = 2 * open.len();
        if change > 0 {
            open.push(change);
        } else if change < 0 {
            close(change.saturating_neg(), &mut open);
            spaces = 2 * open.len();
        }
        set(pieces, line.start, spaces);
    }
}

fn close(mut closed: isize, open: &mut Vec<isize>) {
    while closed > 0
        && let Some(last) = open.last_mut()
    {
        if closed < *last {
            *last -= closed;
            return;
        }
        closed -= *last;
        open.pop();
    }
}

/// Gaps between the pieces of a range.
fn space(start: usize, end: usize, pieces: &mut [Piece<'_>]) {
    for index in start..end.saturating_sub(1) {
        let before = index.checked_sub(1).filter(|before| *before >= start);
        let before = before.and_then(|before| pieces.get(before));
        let (Some(subject), Some(after)) = (pieces.get(index), pieces.get(index + 1)) else {
            return;
        };
        let next = part(pieces, index + 2, end).first();
        let spaces = usize::from(is_spaced(before, subject, after, next));
        set(pieces, index + 1, spaces);
    }
}

/// Whether a space stands between `subject` and `after`.
fn is_spaced(
    before: Option<&Piece<'_>>,
    subject: &Piece<'_>,
    after: &Piece<'_>,
    next: Option<&Piece<'_>>,
) -> bool {
    use TokenKind::{
        CloseBrace, CloseHeredoc, CloseHole, CloseQuote, Ident, Literal, Newline, Number,
        OpenBrace, OpenBracket, OpenHeredoc, OpenParen, OpenQuote,
    };
    let begins_template = subject.is(Literal) || subject.is(OpenQuote) || subject.is(OpenHeredoc);
    let ends_template = after.is(Literal) || after.is(CloseQuote) || after.is(CloseHeredoc);
    // Names of functions.
    let in_function = subject.is(Ident) && (after.is(OpenParen) || after.is_symbol("::"))
        || subject.is_symbol("::") && after.is(Ident);
    if after.is(Newline) || in_function {
        return false;
    }
    if subject.is_symbol(".") || after.is_symbol(".") {
        // Two indexes would become one number.
        return subject.is(Number) && next.is_some_and(|next| next.is(Number));
    }
    if after.is_symbol(",") || after.is_symbol("...") {
        return false;
    }
    if subject.is_symbol(",") {
        return true;
    }
    if begins_template || ends_template {
        return false;
    }
    // The `in` of `for` is no name that an index follows.
    if subject.is(Ident) && subject.text == "in" && before.is_some_and(|before| before.is(Ident)) {
        return true;
    }
    let may_be_indexed = subject.is(Ident) || subject.is(Number) || subject.brackets() < 0;
    if after.is(OpenBracket) && may_be_indexed || subject.is_symbol("!") {
        return false;
    }
    if subject.is_symbol("-") {
        return !is_before_operand(before);
    }
    if subject.is(OpenBrace) || after.is(CloseBrace) {
        return !(subject.is(OpenBrace) && after.is(CloseBrace));
    }
    // An object alone in a hole.
    if subject.opens_hole() && after.is(OpenBrace) || subject.is(CloseBrace) && after.is(CloseHole)
    {
        return true;
    }
    let between_holes = subject.is(CloseHole) && after.opens_hole();
    !between_holes && subject.brackets() <= 0 && after.brackets() >= 0
}

/// Whether a `-` behind this can only be that of a negative number.
fn is_before_operand(before: Option<&Piece<'_>>) -> bool {
    const SYMBOLS: [&str; 18] = [
        "=", ":", ",", "?", "+", "*", "/", "%", "-", "==", "!=", ">", ">=", "<", "<=", "&&", "||",
        "!",
    ];
    before.is_none_or(|before| match before.kind {
        Kind::Token(TokenKind::Symbol) => SYMBOLS.contains(&&*before.text),
        Kind::Token(kind) => kind.opens_bracket(),
        Kind::Comment => false,
    })
}

/// Puts a part that neighbouring lines have into one column, one space behind the longest of what stands before it.
fn align(
    lines: &[Line],
    has: impl Fn(&Line) -> bool,
    place: impl Fn(&Line) -> usize,
    pieces: &mut [Piece<'_>],
) {
    let mut widths = Vec::new();
    for neighbours in lines.chunk_by(|one, next| has(one) && has(next)) {
        // A line without the part is alone.
        if !neighbours.first().is_some_and(&has) {
            continue;
        }
        widths.clear();
        widths.extend(
            neighbours
                .iter()
                .map(|line| width(part(pieces, line.start, place(line)))),
        );
        let widest = widths.iter().copied().max().unwrap_or_default();
        for (line, width) in neighbours.iter().zip(&widths) {
            set(pieces, place(line), widest - width + 1);
        }
    }
}
