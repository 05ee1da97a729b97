//! The result file.
mod crc;
mod deflate;
mod hdr;
