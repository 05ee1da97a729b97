//! Messages of an editor to answers.

use std::collections::VecDeque;
use std::ops::Range;

use lsp_server::{
    Connection, ErrorCode, Message, Notification, ProtocolError, Request, RequestId, Response,
};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    InlayHintRequest, PrepareRenameRequest, References, RegisterCapability, Rename, Request as _,
};
use lsp_types::{
    CompletionResponse, DocumentSymbolResponse, GotoDefinitionResponse, HoverContents,
    InitializeParams, InitializeResult, Location, MarkupContent, MarkupKind, PrepareRenameResponse,
    PublishDiagnosticsParams, RenameParams, ServerInfo, TextDocumentPositionParams, TextEdit, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::actions::{actions, edit};
use super::analysis::{Analysis, At};
use super::capabilities::{capabilities, columns, watches};
use super::complete::complete;
use super::cursor::cursor;
use super::desk::{Desk, Told, sources};
use super::hover::hover;
use super::inlays::inlays;
use super::names::{Place, place_at, places};
use super::rename::renamed;
use super::symbols::symbols;
use crate::modules::Modules;
use crate::source::FileId;
use crate::syntax;

/// Answers an editor until it says that it ends, or is gone.
///
/// # Errors
///
/// What the editor says before it has said who it is, or after it has said that it ends, must be of the protocol.
pub fn serve(connection: &Connection, modules: &Modules) -> Result<(), ProtocolError> {
    // All of a grid's trees are made, read and taken apart here.
    crate::on_a_large_stack(|| serve_here(connection, modules))
}

fn serve_here(connection: &Connection, modules: &Modules) -> Result<(), ProtocolError> {
    let (id, editor) = connection.initialize_start()?;
    let editor: InitializeParams = serde_json::from_value(editor).unwrap_or_default();
    let columns = columns(&editor);
    let result = InitializeResult {
        capabilities: capabilities(columns),
        server_info: Some(ServerInfo {
            name: "bggo".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    };
    let result = serde_json::to_value(result).unwrap_or_default();
    connection.initialize_finish(id, result)?;
    let mut server = Server {
        connection,
        modules,
        waiting: VecDeque::new(),
        desk: Desk::new(modules, columns),
    };
    if let Some(registration) = watches(&editor) {
        let id = RequestId::from("watch".to_owned());
        let method = RegisterCapability::METHOD.to_owned();
        server.send(Request::new(id, method, registration).into());
    }
    while let Some(message) = server.next() {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(());
                }
                server.request(request);
            }
            Message::Notification(notification) => server.notification(notification),
            // The server asks for nothing that it waits for.
            Message::Response(_) => {}
        }
    }
    Ok(())
}

struct Server<'a> {
    connection: &'a Connection,
    modules: &'a Modules,
    /// Messages that came while something else was done.
    waiting: VecDeque<Message>,
    desk: Desk<'a>,
}

impl Server<'_> {
    /// The next message. As long as none is there, grids are checked. `None`: the editor is gone.
    fn next(&mut self) -> Option<Message> {
        loop {
            self.waiting.extend(self.connection.receiver.try_iter());
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            if !self.publish() {
                return self.connection.receiver.recv().ok();
            }
        }
    }

    /// Checks a grid and says what is wrong with it, unless messages have come meanwhile: one of them may be an edit of it.
    /// `false` if there was none.
    fn publish(&mut self) -> bool {
        let Some(checked) = self.desk.check() else {
            for left in self.desk.left() {
                self.say(&left);
            }
            return false;
        };
        self.waiting.extend(self.connection.receiver.try_iter());
        if self.waiting.is_empty() {
            for told in &checked.told {
                self.say(told);
            }
            self.desk.told(&checked);
        }
        true
    }

    fn say(&self, told: &Told) {
        let params = PublishDiagnosticsParams {
            uri: told.uri.clone(),
            diagnostics: told.problems.clone(),
            version: told.version,
        };
        let method = PublishDiagnostics::METHOD.to_owned();
        self.send(Notification::new(method, params).into());
    }

    /// If the editor is gone, the next message says so.
    fn send(&self, message: Message) {
        let _ = self.connection.sender.send(message);
    }

    /// A notification that is not known, or makes no sense, is left alone: nobody waits for an answer.
    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Some(opened) = read::<DidOpenTextDocument>(params) {
                    let item = opened.text_document;
                    let language = &item.language_id;
                    self.desk
                        .opened(&item.uri, language, item.text, item.version);
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Some(changed) = read::<DidChangeTextDocument>(params) {
                    let named = changed.text_document;
                    let changes = changed.content_changes;
                    self.desk.edited(&named.uri, changes, named.version);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Some(closed) = read::<DidCloseTextDocument>(params) {
                    self.desk.closed(&closed.text_document.uri);
                }
            }
            DidSaveTextDocument::METHOD => {
                if let Some(saved) = read::<DidSaveTextDocument>(params) {
                    self.desk.disk_changed_at(&saved.text_document.uri);
                }
            }
            DidChangeWatchedFiles::METHOD => {
                let changed = read::<DidChangeWatchedFiles>(params);
                for change in changed.into_iter().flat_map(|changed| changed.changes) {
                    self.desk.disk_changed_at(&change.uri);
                }
            }
            _ => {}
        }
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match method.as_str() {
            Formatting::METHOD => self.answer::<Formatting>(id, params, |server, params| {
                server.formatted(&params.text_document.uri)
            }),
            CodeActionRequest::METHOD => {
                self.answer::<CodeActionRequest>(id, params, |server, params| {
                    let uri = params.text_document.uri;
                    let bytes = server.bytes(&uri, params.range)?;
                    let (analysis, file) = server.desk.analysed(&uri)?;
                    Some(actions(analysis, file, &bytes))
                });
            }
            DocumentSymbolRequest::METHOD => {
                self.answer::<DocumentSymbolRequest>(id, params, |server, params| {
                    let (analysis, file) = server.desk.analysed(&params.text_document.uri)?;
                    Some(DocumentSymbolResponse::Nested(symbols(analysis, file)))
                });
            }
            HoverRequest::METHOD => self.answer::<HoverRequest>(id, params, |server, params| {
                let modules = server.modules;
                let (analysis, at) = server.at(&params.text_document_position_params)?;
                let found = hover(analysis, modules, at)?;
                Some(lsp_types::Hover {
                    contents: HoverContents::Markup(MarkupContent {
                        kind: MarkupKind::Markdown,
                        value: found.words,
                    }),
                    range: Some(analysis.range(found.span)),
                })
            }),
            Completion::METHOD => self.answer::<Completion>(id, params, |server, params| {
                let at = params.text_document_position;
                let modules = server.modules;
                let document = server.desk.document(&at.text_document.uri)?;
                let before = document.text.get(..document.byte(at.position))?;
                let cursor = cursor(before.trim_start_matches('\u{feff}'));
                let (analysis, _) = server.desk.analysed(&at.text_document.uri)?;
                let items = complete(&cursor, analysis, modules);
                Some(CompletionResponse::Array(items))
            }),
            GotoDefinition::METHOD => {
                self.answer::<GotoDefinition>(id, params, |server, params| {
                    let at = params.text_document_position_params;
                    let found = server.places(&at, |place| place.declares)?;
                    Some(GotoDefinitionResponse::Array(found))
                })
            }
            References::METHOD => self.answer::<References>(id, params, |server, params| {
                let with_declaration = params.context.include_declaration;
                server.places(&params.text_document_position, |place| {
                    with_declaration || !place.declares
                })
            }),
            InlayHintRequest::METHOD => {
                self.answer::<InlayHintRequest>(id, params, |server, params| {
                    let modules = server.modules;
                    let uri = params.text_document.uri;
                    let bytes = server.bytes(&uri, params.range)?;
                    let (analysis, file) = server.desk.analysed(&uri)?;
                    Some(inlays(analysis, file, modules, &bytes))
                });
            }
            PrepareRenameRequest::METHOD => {
                self.answer::<PrepareRenameRequest>(id, params, |server, at| {
                    let (analysis, at) = server.at(&at)?;
                    let place = place_at(&places(analysis), at)?;
                    Some(PrepareRenameResponse::Range(analysis.range(place.span)))
                });
            }
            Rename::METHOD => self.rename(id, params),
            _ => {
                let text = format!("`{method}` is not known");
                self.refuse(id, ErrorCode::MethodNotFound, text);
            }
        }
    }

    /// Answers a request, with null where there is nothing to say.
    fn answer<R>(
        &mut self,
        id: RequestId,
        params: serde_json::Value,
        answer: impl FnOnce(&mut Self, R::Params) -> R::Result,
    ) where
        R: lsp_types::request::Request,
        R::Params: DeserializeOwned,
        R::Result: Serialize,
    {
        match serde_json::from_value(params) {
            Ok(params) => {
                let result = answer(self, params);
                self.send(Response::new_ok(id, result).into());
            }
            Err(error) => {
                let text = format!("`{}`: {error}", R::METHOD);
                self.refuse(id, ErrorCode::InvalidParams, text);
            }
        }
    }

    /// The places that name what stands at one.
    fn places(
        &mut self,
        at: &TextDocumentPositionParams,
        wanted: impl Fn(&Place) -> bool,
    ) -> Option<Vec<Location>> {
        let (analysis, at) = self.at(at)?;
        let all = places(analysis);
        let here = place_at(&all, at)?;
        let same = all.iter().filter(|place| place.named == here.named);
        let found = same.filter(|place| wanted(place));
        Some(
            found
                .filter_map(|place| analysis.location(place.span))
                .collect(),
        )
    }

    fn rename(&mut self, id: RequestId, params: serde_json::Value) {
        let params: RenameParams = match serde_json::from_value(params) {
            Ok(params) => params,
            Err(error) => {
                let text = format!("`{}`: {error}", Rename::METHOD);
                return self.refuse(id, ErrorCode::InvalidParams, text);
            }
        };
        let modules = self.modules;
        let Some((analysis, at)) = self.at(&params.text_document_position) else {
            return self.send(Response::new_ok(id, ()).into());
        };
        match renamed(analysis, modules, &places(analysis), at, &params.new_name) {
            Ok(found) => {
                let edits = found
                    .iter()
                    .map(|place| (place.span, params.new_name.clone()));
                let edit = edit(analysis, edits);
                self.send(Response::new_ok(id, edit).into());
            }
            Err(text) => self.refuse(id, ErrorCode::RequestFailed, text),
        }
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, text: String) {
        // Small numbers that the protocol gives.
        self.send(Response::new_err(id, code as i32, text).into());
    }

    /// What the stages say of the grid of an open file, and a place in it.
    fn at(&mut self, at: &TextDocumentPositionParams) -> Option<(&Analysis, At)> {
        let uri = &at.text_document.uri;
        let byte = self.desk.document(uri)?.byte(at.position);
        let (analysis, file) = self.desk.analysed(uri)?;
        Some((analysis, analysis.at(file, byte)))
    }

    /// The bytes that a range of an open file is.
    fn bytes(&self, uri: &Uri, range: lsp_types::Range) -> Option<Range<usize>> {
        let document = self.desk.document(uri)?;
        let start = document.byte(range.start);
        Some(start..document.byte(range.end).max(start))
    }

    /// The edit that formats a file; `None` where its syntax has errors, which the editor shows already.
    fn formatted(&self, uri: &Uri) -> Option<Vec<TextEdit>> {
        let document = self.desk.document(uri)?;
        let new_text = syntax::format(&sources(uri, document), FileId(0)).ok()?;
        if new_text == document.text {
            return Some(Vec::new());
        }
        let range = document.whole();
        Some(vec![TextEdit { range, new_text }])
    }
}

fn read<N>(params: serde_json::Value) -> Option<N::Params>
where
    N: lsp_types::notification::Notification,
    N::Params: DeserializeOwned,
{
    serde_json::from_value(params).ok()
}
