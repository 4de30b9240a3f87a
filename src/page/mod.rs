//! Rank 6: what pages of a browser have in common: the files that it loads, and how they are served. The playground
//! takes the same files (`playground/build`), so that a scene looks alike wherever it is drawn.

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
/// The Socket.IO client of our pages. It imports [`digits`] as `/digits.js`.
pub const CLIENT: (&str, &str, &str) = ("/client.js", SCRIPT, include_str!("client.js"));
/// How everything of a scene looks.
pub const BASE: (&str, &str, &str) = ("/base.css", STYLE, include_str!("base.css"));
/// What every page is made of.
pub const PARTS: (&str, &str, &str) = ("/parts.js", SCRIPT, include_str!("parts.js"));
/// The one renderer of scenes (`schema/scene.json`), and the ways to answer a question. They import each other.
pub const SCENES: [(&str, &str, &str); 3] =
    [PARTS, ("/scene.js", SCRIPT, include_str!("scene.js")), ("/answers.js", SCRIPT, include_str!("answers.js"))];

/// Which digit of Engine.IO and Socket.IO means what, as a module.
pub fn digits() -> String {
    let engine: Vec<_> = engineio::Type::ALL.iter().map(|kind| format!("{kind:?}: \"{}\"", kind.digit())).collect();
    let socket: Vec<_> = socketio::Type::ALL.iter().map(|kind| format!("{kind:?}: \"{}\"", kind.digit())).collect();
    format!("export const ENGINE = {{ {} }};\nexport const SOCKET = {{ {} }};\n", engine.join(", "), socket.join(", "))
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
