//! Tests that need two crates, a process or a socket.

mod receiver;


