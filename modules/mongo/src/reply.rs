//! The document of an answer, seen once: whether it is good, and what it says of documents.

use crate::bson::{Document, NotBson};

/// An answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply<'a> {
    pub(crate) document: Document<'a>,
    pub(crate) is_ok: bool,
    /// Why it is not.
    pub(crate) error: Error<'a>,
    /// Which documents of a write failed.
    pub(crate) write_errors: Option<Document<'a>>,
    /// Why a write is not as settled as was asked.
    pub(crate) write_concern_error: Option<Document<'a>>,
    pub(crate) cursor: Option<Document<'a>>,
    /// How many documents.
    pub(crate) n: Option<i64>,
    /// How many of them were modified.
    pub(crate) modified: Option<i64>,
    pub(crate) upserted: Option<Document<'a>>,
}

/// An error as the server says it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Error<'a> {
    pub(crate) code: i64,
    pub(crate) name: &'a str,
    pub(crate) message: &'a str,
    /// The number of a document, of an error of a write.
    pub(crate) index: i64,
}

impl<'a> Reply<'a> {
    /// Reads what is on top of an answer.
    ///
    /// # Errors
    /// It is no document.
    pub(crate) fn read(document: Document<'a>) -> Result<Self, NotBson> {
        let mut reply = Self {
            document,
            is_ok: false,
            error: Error::default(),
            write_errors: None,
            write_concern_error: None,
            cursor: None,
            n: None,
            modified: None,
            upserted: None,
        };
        for element in document.elements() {
            let element = element?;
            match element.key {
                b"ok" => reply.is_ok = element.is_true(),
                b"cursor" => reply.cursor = element.document(),
                b"n" => reply.n = element.whole(),
                b"nModified" => reply.modified = element.whole(),
                b"upserted" => reply.upserted = element.document(),
                b"writeErrors" => reply.write_errors = element.document(),
                b"writeConcernError" => reply.write_concern_error = element.document(),
                _ => {}
            }
        }
        if !reply.is_ok {
            reply.error = Error::read(document);
        }
        Ok(reply)
    }
}

impl<'a> Error<'a> {
    /// Of a document with a code and a message. What is not there is 0, or empty.
    pub(crate) fn read(document: Document<'a>) -> Self {
        let mut error = Self::default();
        for element in document.elements().map_while(Result::ok) {
            match element.key {
                b"code" => error.code = element.whole().unwrap_or(0),
                b"codeName" => error.name = element.text().unwrap_or(""),
                b"errmsg" => error.message = element.text().unwrap_or(""),
                b"index" => error.index = element.whole().unwrap_or(0),
                _ => {}
            }
        }
        error
    }
}
