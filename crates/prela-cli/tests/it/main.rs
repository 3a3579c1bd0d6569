//! The program `prela` from outside, and its parts.

mod contract;
