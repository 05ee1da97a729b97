//! Aborts an upload in parts, so that its parts take no room on the server.

use crate::access::Access;
use crate::request::{Counting, S3Request, send};
use crate::uploads::Unfinished;
use bggo_module_http_request::Asking;
use bggo_runtime::contract::Fault;

/// Aborts an upload.
///
/// # Errors
/// The server does not do it. One that does not know the upload has nothing left of it.
pub(crate) async fn abort(
    access: &Access,
    asking: Asking<'_>,
    upload: &Unfinished,
    counting: Counting<'_>,
) -> Result<(), Fault> {
    let mut request = S3Request::new("DELETE", access, &upload.bucket)?;
    request.key(&upload.key)?;
    request.query("uploadId", &upload.id);
    match send(access, asking, &request, counting).await {
        Ok(_) => {}
        Err(failed) if failed.code == "NoSuchUpload" => {}
        Err(failed) => return Err(failed.fault),
    }
    access.unfinished.remove(upload);
    access.aborted();
    Ok(())
}
