//! Rank 6: what the pages of chat and class have in common: files that a browser loads, and how they are served.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;

use crate::proto::{engineio, socketio};

/// What a script is.
pub const SCRIPT: &str = "text/javascript; charset=utf-8";
/// What a page is.
pub const HTML: &str = "text/html; charset=utf-8";
/// What a style sheet is.
pub const STYLE: &str = "text/css; charset=utf-8";
/// The Socket.IO client of our pages. It needs [`digits`].
pub const CLIENT: (&str, &str, &str) = ("/client.js", SCRIPT, include_str!("client.js"));

/// Which digit of Engine.IO and Socket.IO means what, as constants of a script.
pub fn digits() -> String {
    let engine: Vec<_> = engineio::Type::ALL.iter().map(|kind| format!("{kind:?}: \"{}\"", kind.digit())).collect();
    let socket: Vec<_> = socketio::Type::ALL.iter().map(|kind| format!("{kind:?}: \"{}\"", kind.digit())).collect();
    format!("const ENGINE = {{ {} }};\nconst SOCKET = {{ {} }};\n", engine.join(", "), socket.join(", "))
}

/// Serves files: path, kind, text.
pub fn files<S: Clone + Send + Sync + 'static>(
    mut router: Router<S>,
    files: impl IntoIterator<Item = (&'static str, &'static str, String)>,
) -> Router<S> {
    for (path, kind, text) in files {
        router = router.route(path, get(move || async move { ([(header::CONTENT_TYPE, kind)], text) }));
    }
    router.route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
}
