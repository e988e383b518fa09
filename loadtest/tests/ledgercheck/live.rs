//! The whole of it against a real server that is killed again and again, where `FINBRAIN_BIN` names one.
