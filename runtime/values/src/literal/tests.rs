//! Literals: values, files of attributes, bodies, and every fault.
