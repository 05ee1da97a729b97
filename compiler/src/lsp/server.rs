//! Messages of an editor to answers.

use std::collections::{BTreeMap, VecDeque};

use lsp_server::{
    Connection, ErrorCode, Message, Notification, ProtocolError, Request, RequestId, Response,
};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, Notification as _,
    PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    InlayHintRequest, PrepareRenameRequest, References, Rename, Request as _,
};
use lsp_types::{
    CompletionResponse, Diagnostic, DocumentSymbolResponse, GotoDefinitionResponse, HoverContents,
    InitializeParams, InitializeResult, Location, MarkupContent, MarkupKind, PrepareRenameResponse,
    PublishDiagnosticsParams, RenameParams, ServerInfo, TextDocumentPositionParams, TextEdit, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::actions::{actions, edit};
use super::analysis::{Analysis, sources};
use super::capabilities::{capabilities, columns};
use super::complete::complete;
use super::cursor::cursor;
use super::document::{Columns, Document};
use super::hover::hover;
use super::inlays::inlays;
use super::names::{Place, place_at, places};
use super::published::diagnostics;
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
        columns,
        waiting: VecDeque::new(),
        open: BTreeMap::new(),
    };
    while let Some(message) = server.next() {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(());
                }
                server.request(request);
            }
            Message::Notification(notification) => server.notification(notification),
            // The server asks nothing.
            Message::Response(_) => {}
        }
    }
    Ok(())
}

/// A file that is open.
struct Open {
    document: Document,
    /// Of this very text; made when it is needed.
    analysis: Option<Analysis>,
    /// The editor knows the problems of this very text.
    published: bool,
}

struct Server<'a> {
    connection: &'a Connection,
    modules: &'a Modules,
    columns: Columns,
    /// Messages that came while something else was done.
    waiting: VecDeque<Message>,
    open: BTreeMap<Uri, Open>,
}

impl Server<'_> {
    /// The next message. As long as none is there, open files are checked. `None`: the editor is gone.
    fn next(&mut self) -> Option<Message> {
        loop {
            self.waiting.extend(self.connection.receiver.try_iter());
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            let mut open = self.open.iter();
            let unpublished = open.find(|(_, file)| !file.published);
            let Some(uri) = unpublished.map(|(uri, _)| uri.clone()) else {
                return self.connection.receiver.recv().ok();
            };
            self.publish(&uri);
        }
    }

    /// Checks a file and says what is wrong with it, unless messages have come meanwhile: one of them may be an edit of it.
    fn publish(&mut self, uri: &Uri) {
        let Some(file) = self.open.get_mut(uri) else {
            return;
        };
        let (analysis, document) = analysed(file, uri, self.modules);
        let problems = diagnostics(analysis, uri, document);
        let version = document.version;
        self.waiting.extend(self.connection.receiver.try_iter());
        if self.waiting.is_empty() {
            file.published = true;
            self.say(uri.clone(), problems, Some(version));
        }
    }

    fn say(&self, uri: Uri, diagnostics: Vec<Diagnostic>, version: Option<i32>) {
        let params = PublishDiagnosticsParams {
            uri,
            diagnostics,
            version,
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
                let Some(opened) = read::<DidOpenTextDocument>(params) else {
                    return;
                };
                let item = opened.text_document;
                let file = Open {
                    document: Document::new(item.text, item.version, self.columns),
                    analysis: None,
                    published: false,
                };
                self.open.insert(item.uri, file);
            }
            DidChangeTextDocument::METHOD => {
                let Some(changed) = read::<DidChangeTextDocument>(params) else {
                    return;
                };
                let named = changed.text_document;
                if let Some(file) = self.open.get_mut(&named.uri) {
                    file.document.edit(changed.content_changes, named.version);
                    file.analysis = None;
                    file.published = false;
                }
            }
            DidCloseTextDocument::METHOD => {
                let Some(closed) = read::<DidCloseTextDocument>(params) else {
                    return;
                };
                let uri = closed.text_document.uri;
                if self.open.remove(&uri).is_some() {
                    self.say(uri, Vec::new(), None);
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
                    let (analysis, document) = server.analysed(&uri)?;
                    let start = document.byte(params.range.start);
                    let bytes = start..document.byte(params.range.end).max(start);
                    Some(actions(analysis, &uri, document, &bytes))
                });
            }
            DocumentSymbolRequest::METHOD => {
                self.answer::<DocumentSymbolRequest>(id, params, |server, params| {
                    let (analysis, document) = server.analysed(&params.text_document.uri)?;
                    let symbols = symbols(analysis, document);
                    Some(DocumentSymbolResponse::Nested(symbols))
                });
            }
            HoverRequest::METHOD => self.answer::<HoverRequest>(id, params, |server, params| {
                let at = params.text_document_position_params;
                let modules = server.modules;
                let (analysis, document) = server.analysed(&at.text_document.uri)?;
                let byte = analysis.at(document.byte(at.position));
                let found = hover(analysis, modules, byte)?;
                Some(lsp_types::Hover {
                    contents: HoverContents::Markup(MarkupContent {
                        kind: MarkupKind::Markdown,
                        value: found.words,
                    }),
                    range: Some(analysis.range(found.span, document)),
                })
            }),
            Completion::METHOD => self.answer::<Completion>(id, params, |server, params| {
                let at = params.text_document_position;
                let modules = server.modules;
                let (analysis, document) = server.analysed(&at.text_document.uri)?;
                let before = document.text.get(..document.byte(at.position))?;
                let before = before.trim_start_matches('\u{feff}');
                let items = complete(&cursor(before), analysis, modules);
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
                    let (analysis, document) = server.analysed(&params.text_document.uri)?;
                    let start = document.byte(params.range.start);
                    let bytes = start..document.byte(params.range.end).max(start);
                    Some(inlays(analysis, document, modules, &bytes))
                });
            }
            PrepareRenameRequest::METHOD => {
                self.answer::<PrepareRenameRequest>(id, params, |server, at| {
                    let (analysis, document) = server.analysed(&at.text_document.uri)?;
                    let byte = analysis.at(document.byte(at.position));
                    let place = place_at(&places(analysis), byte)?;
                    let range = analysis.range(place.span, document);
                    Some(PrepareRenameResponse::Range(range))
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
        let uri = &at.text_document.uri;
        let (analysis, document) = self.analysed(uri)?;
        let all = places(analysis);
        let here = place_at(&all, analysis.at(document.byte(at.position)))?;
        let same = all.iter().filter(|place| place.named == here.named);
        let found = same.filter(|place| wanted(place)).map(|place| Location {
            uri: uri.clone(),
            range: analysis.range(place.span, document),
        });
        Some(found.collect())
    }

    fn rename(&mut self, id: RequestId, params: serde_json::Value) {
        let params: RenameParams = match serde_json::from_value(params) {
            Ok(params) => params,
            Err(error) => {
                let text = format!("`{}`: {error}", Rename::METHOD);
                return self.refuse(id, ErrorCode::InvalidParams, text);
            }
        };
        let at = params.text_document_position;
        let uri = at.text_document.uri;
        let Some((analysis, document)) = self.analysed(&uri) else {
            return self.send(Response::new_ok(id, ()).into());
        };
        let byte = analysis.at(document.byte(at.position));
        match renamed(analysis, &places(analysis), byte, &params.new_name) {
            Ok(found) => {
                let edits = found.iter().map(|place| TextEdit {
                    range: analysis.range(place.span, document),
                    new_text: params.new_name.clone(),
                });
                let edit = edit(&uri, edits.collect());
                self.send(Response::new_ok(id, edit).into());
            }
            Err(text) => self.refuse(id, ErrorCode::RequestFailed, text),
        }
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, text: String) {
        // Small numbers that the protocol gives.
        self.send(Response::new_err(id, code as i32, text).into());
    }

    /// An open file and what the stages say of it.
    fn analysed(&mut self, uri: &Uri) -> Option<(&Analysis, &Document)> {
        let file = self.open.get_mut(uri)?;
        Some(analysed(file, uri, self.modules))
    }

    /// The edit that formats a file; `None` where its syntax has errors, which the editor shows already.
    fn formatted(&self, uri: &Uri) -> Option<Vec<TextEdit>> {
        let document = &self.open.get(uri)?.document;
        let new_text = syntax::format(&sources(uri, document), FileId(0)).ok()?;
        if new_text == document.text {
            return Some(Vec::new());
        }
        let range = document.whole();
        Some(vec![TextEdit { range, new_text }])
    }
}

fn analysed<'f>(file: &'f mut Open, uri: &Uri, modules: &Modules) -> (&'f Analysis, &'f Document) {
    let document = &file.document;
    let make = || Analysis::of(uri, document, modules);
    (file.analysis.get_or_insert_with(make), document)
}

fn read<N>(params: serde_json::Value) -> Option<N::Params>
where
    N: lsp_types::notification::Notification,
    N::Params: DeserializeOwned,
{
    serde_json::from_value(params).ok()
}
