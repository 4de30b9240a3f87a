//! The requests and answers of a conversation, counted in pairs as Wireshark does: a request begins a pair, and so does
//! an answer where the last pair has one.

use super::head::Opening;

/// The last two pairs.
#[derive(Clone, Debug, Default)]
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

    /// Counts a message; gives its number, and the frames of the request and of the answer before it.
    pub(super) fn count(&mut self, opening: Opening, frame: u64) -> (u32, [Option<u64>; 2]) {
        let mut answered = None;
        if opening == Opening::Response {
            self.answer(frame);
            answered = self.before.response;
        } else {
            self.ask(frame);
        }
        (self.number, [self.before.request, answered])
    }

    fn begin(&mut self) {
        self.number = self.number.saturating_add(1);
        self.before = std::mem::take(&mut self.now);
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
