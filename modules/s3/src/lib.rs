//! Objects of S3: the asset `s3_client`, runners that sign their requests, and the runner `s3`, which uploads a file to a presigned
//! URL.
//!
//! ```text
//! arguments -> runner -> request (path, query, fields) -sign-> http_request's ask -> answer: outputs, or an error of S3
//!                 '-> multipart_upload: several requests at a time; what is not completed is aborted
//! ```

mod abort;
mod access;
mod answer;
mod client;
mod counters;
mod date;
mod delete_object;
mod encode;
mod get_object;
mod head_object;
mod list_objects;
mod metadata;
mod multipart_upload;
mod output;
mod presign;
mod put_object;
mod request;
mod sign;
mod upload;
mod uploads;
mod xml;

pub use client::S3Client;
pub use delete_object::S3DeleteObject;
pub use get_object::S3GetObject;
pub use head_object::S3HeadObject;
pub use list_objects::S3ListObjects;
pub use multipart_upload::S3MultipartUpload;
pub use presign::S3Presign;
pub use put_object::S3PutObject;
pub use upload::S3;

bggo_runtime::contract::module!("manifest.hcl");
