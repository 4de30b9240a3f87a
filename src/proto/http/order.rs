//! The requests and answers of a conversation, counted in pairs as Wireshark does: a request begins a pair, and so does
//! an answer where the last pair has one.

use super::super::prelude::*;
use super::framing::Exchange;
use super::head::Opening;
use super::{PREV_REQUEST_IN, PREV_RESPONSE_IN, REQUEST_NUMBER, RESPONSE_NUMBER};

/// The last two pairs.
#[derive(Debug, Default)]
pub(super) struct Order {
    number: u32,
    now: Pair,
    before: Pair,
}

/// The frames of a request and its answer, as far as they were seen.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    request: Option<u64>,
    response: Option<u64>,
}

impl Order {
    fn ask(&mut self, frame: u64) {
        self.begin();
        self.now.request = Some(frame);
    }

    fn answer(&mut self, frame: u64) {
        if self.number == 0 || self.now.response.is_some() {
            self.begin();
        }
        self.now.response = Some(frame);
    }

    fn begin(&mut self) {
        self.number = self.number.saturating_add(1);
        self.before = std::mem::take(&mut self.now);
    }
}

/// Counts a message, and says which it is and which came before.
pub(super) fn count(c: &mut Cursor<'_>, opening: Opening) {
    let frame = c.frame();
    let order = &mut c.stream().dialogue.state::<Exchange>().order;
    let (number, answered) = match opening {
        Opening::Request => {
            order.ask(frame);
            (&REQUEST_NUMBER, None)
        }
        Opening::Response => {
            order.answer(frame);
            (&RESPONSE_NUMBER, order.before.response)
        }
        Opening::Notification | Opening::Headers => return,
    };
    let (n, asked) = (order.number, order.before.request);
    c.derive(number, Value::Uint(n.into()));
    for (def, before) in [(&PREV_REQUEST_IN, asked), (&PREV_RESPONSE_IN, answered)] {
        if let Some(frame) = before {
            c.derive(def, Value::Uint(frame));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_joins_the_newest_request_unless_that_has_one() {
        let mut order = Order::default();
        let mut say = |frame, asks| {
            if asks {
                order.ask(frame);
            } else {
                order.answer(frame);
            }
            (order.number, order.before.request, order.before.response)
        };
        assert_eq!(say(4, true), (1, None, None));
        assert_eq!(say(5, false), (1, None, None), "an interim answer");
        assert_eq!(say(6, false), (2, Some(4), Some(5)));
        assert_eq!(say(7, true), (3, None, Some(6)));
        assert_eq!(say(8, true), (4, Some(7), None));
    }
}
