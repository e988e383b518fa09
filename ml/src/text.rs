//! Text as people type it and as banks print it, made comparable. Owns cleaning and the merchant key; knows
//! nothing of features or labels. The work is bounded whatever the input: see the constants.

use crate::folding;

/// Input beyond this many characters is ignored.
const MAX_CHARS: usize = 256;
/// Words beyond this many are ignored.
const MAX_WORDS: usize = 24;
/// A word longer than this is cut.
pub(crate) const MAX_WORD_CHARS: usize = 32;
/// The longest merchant key, in characters.
const MAX_MERCHANT_CHARS: usize = 64;

/// What card networks and banks print before the merchant. Longer phrases first.
const PHRASES: &[&[&str]] = &[
    &["purchase", "authorized", "on"],
    &["debit", "card", "purchase"],
    &["recurring", "card", "payment"],
    &["card", "purchase"],
    &["debit", "purchase"],
    &["pos", "debit"],
    &["pos", "purchase"],
    &["pos", "pur"],
    &["visa", "purchase"],
    &["recurring", "payment"],
    &["ach", "debit"],
    &["direct", "debit"],
    &["contactless"],
    &["checkcard"],
    &["pos"],
];
/// Card processors that print their own name or sign, an asterisk, then the merchant's name.
const PROCESSORS: &[&str] = &[
    "sq", "tst", "in", "pp", "ppl", "sp", "iz", "py", "dd", "ic", "fs", "bt", "eb", "wpy", "cke", "paypal",
    "zettle", "izettle", "sumup", "toast", "google", "stripe", "square", "clover", "shopify", "klarna",
];
const STATES: &[&str] = &[
    "al", "ak", "az", "ar", "ca", "co", "ct", "de", "dc", "fl", "ga", "hi", "id", "il", "in", "ia", "ks",
    "ky", "la", "me", "md", "ma", "mi", "mn", "ms", "mo", "mt", "ne", "nv", "nh", "nj", "nm", "ny", "nc",
    "nd", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx", "ut", "vt", "va", "wa", "wv", "wi", "wy",
];
const DOMAINS: &[&str] = &["com", "net", "org", "co", "il", "uk", "de", "fr", "io"];
/// Words that only announce a number, and go with it.
const ANNOUNCING: &[&str] = &["card", "store", "branch", "ref", "סניף"];
const CURRENCIES: &[&str] = &["usd", "eur", "gbp", "ils", "nis"];

#[derive(Debug, Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
    letters: usize,
    digits: usize,
    before: Option<char>,
    after: Option<char>,
}

impl Token {
    fn is_number(&self) -> bool {
        self.letters == 0
    }

    /// A number that names a shop or a payment rather than part of a name ("7" in "7 eleven" is not one).
    fn is_store_number(&self) -> bool {
        self.is_number() && (self.digits >= 3 || self.before == Some('#'))
    }

    /// Order references and masked card numbers: `2K4AB19`, `XXXX1234`.
    fn is_reference(&self) -> bool {
        self.digits >= 2 && self.letters + self.digits >= 5
    }
}

/// Buffers that one thread reuses, so that cleaning allocates nothing once they have grown.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    folded: String,
    tokens: Vec<Token>,
}

/// The words of a text that carry meaning: lower-case, without marks, numbers and what card processors add,
/// separated by single spaces. Never fails; empty when nothing remains.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::new();
    clean_into(text, &mut Scratch::default(), &mut out);
    out
}

/// The key under which a correction for this text is remembered: the cleaned text, cut at 64 characters.
#[must_use]
pub fn merchant(text: &str) -> String {
    let mut cleaned = clean(text);
    if let Some((end, _)) = cleaned.char_indices().nth(MAX_MERCHANT_CHARS) {
        cleaned.truncate(end);
        cleaned.truncate(cleaned.trim_end().len());
    }
    cleaned
}

pub(crate) fn clean_into(text: &str, scratch: &mut Scratch, out: &mut String) {
    out.clear();
    let shouting = fold_and_split(text, scratch);
    let words = Words { text: &scratch.folded, tokens: &scratch.tokens };
    let start = words.after_prefixes();
    let end = if shouting { words.before_location(start) } else { words.tokens.len() };

    let kept = (start..end).filter(|&i| words.keeps(i)).take(MAX_WORDS);
    for i in kept {
        if !out.is_empty() {
            out.push(' ');
        }
        push_word(words.word(i), out);
    }
}

fn push_word(word: &str, out: &mut String) {
    match word.char_indices().nth(MAX_WORD_CHARS) {
        Some((end, _)) => out.push_str(&word[..end]),
        None => out.push_str(word),
    }
}

/// Fills the scratch with folded text and its tokens; true when the text has capitals only, as card descriptors do.
fn fold_and_split(text: &str, scratch: &mut Scratch) -> bool {
    let Scratch { folded, tokens } = scratch;
    folded.clear();
    tokens.clear();
    let (mut upper, mut lower) = (false, false);
    let mut open: Option<Token> = None;
    let mut before = None;
    for c in text.chars().take(MAX_CHARS) {
        upper |= c.is_uppercase();
        lower |= c.is_lowercase();
        if folding::is_silent(c) {
            continue;
        }
        if !c.is_alphanumeric() {
            if let Some(token) = open.take() {
                tokens.push(Token { after: Some(c), ..token });
            }
            // In "SP * NAME" the asterisk matters, not the space after it.
            before = before.filter(|&sign| matches!(sign, '*' | '#')).or(Some(c));
            continue;
        }
        let start = folded.len();
        folding::push_folded(c, folded);
        let token = open.get_or_insert_with(|| {
            let before = before.take();
            Token { start, end: start, letters: 0, digits: 0, before, after: None }
        });
        token.end = folded.len();
        if c.is_numeric() {
            token.digits += 1;
        } else {
            token.letters += 1;
        }
    }
    tokens.extend(open);
    upper && !lower
}

struct Words<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl Words<'_> {
    fn word(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| &self.text[token.start..token.end])
    }

    /// Where the merchant's name begins. A prefix counts only when a word follows it, so that a plain "PayPal" stays.
    fn after_prefixes(&self) -> usize {
        let mut start = 0;
        while let Some(length) = self.prefix_at(start) {
            let next = start + length;
            if !(next..self.tokens.len()).any(|i| self.keeps(i)) {
                break;
            }
            start = next;
        }
        start
    }

    fn prefix_at(&self, start: usize) -> Option<usize> {
        let token = self.tokens.get(start)?;
        if token.is_number() && start > 0 {
            return Some(1);
        }
        let starred = token.after == Some('*')
            || self.tokens.get(start + 1).is_some_and(|next| next.before == Some('*'));
        if starred && PROCESSORS.contains(&self.word(start)) {
            return Some(1);
        }
        PHRASES
            .iter()
            .find(|phrase| phrase.iter().enumerate().all(|(i, word)| self.word(start + i) == *word))
            .map(|phrase| phrase.len())
    }

    /// Where a descriptor's location begins: `STARBUCKS 00412 SEATTLE WA 98101` ends with a state, so the state goes,
    /// and with it everything after the store number.
    fn before_location(&self, start: usize) -> usize {
        let mut last = self.tokens.len();
        while last > start + 1 && self.follows_location(last - 1) {
            last -= 1;
        }
        if last < start + 2 || !STATES.contains(&self.word(last - 1)) {
            return self.tokens.len();
        }
        let number = (start + 1..last - 1).find(|&i| self.tokens[i].is_store_number());
        number.unwrap_or(last - 1)
    }

    /// Postal codes, countries, references and card numbers, which banks print after the state.
    fn follows_location(&self, i: usize) -> bool {
        let beside = |token: &Token| token.is_number() || token.is_reference();
        self.tokens.get(i).is_some_and(beside) || matches!(self.word(i), "us" | "usa") || self.announces(i)
    }

    fn keeps(&self, i: usize) -> bool {
        let Some(token) = self.tokens.get(i) else { return false };
        let word = self.word(i);
        let in_address = token.before == Some('.') && DOMAINS.contains(&word);
        let is_address = token.after == Some('.') && word == "www";
        let is_noise = token.is_number() || token.is_reference() || in_address || is_address;
        !(is_noise || self.is_currency(i, word) || self.announces(i))
    }

    fn announces(&self, i: usize) -> bool {
        ANNOUNCING.contains(&self.word(i)) && self.tokens.get(i + 1).is_some_and(Token::is_number)
    }

    fn is_currency(&self, i: usize, word: &str) -> bool {
        let number = |token: Option<&Token>| token.is_some_and(Token::is_number);
        CURRENCIES.contains(&word)
            && (number(self.tokens.get(i + 1))
                || i.checked_sub(1).is_some_and(|i| number(self.tokens.get(i))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_strips_what_card_processors_add() {
        for (text, expected) in [
            ("SQ *BLUE BOTTLE 1234 OAKLAND CA", "blue bottle"),
            ("TST* CORNER BISTRO", "corner bistro"),
            ("PAYPAL *SPOTIFY", "spotify"),
            ("POS DEBIT 4021 SHELL OIL", "shell oil"),
            ("PURCHASE AUTHORIZED ON 03/12 SQ *JOE'S DINER #41", "joes diner"),
            ("STARBUCKS 00412 SEATTLE WA 98101", "starbucks"),
            ("NETFLIX.COM 866-579-7172 CA", "netflix"),
            ("www.amazon.co.uk", "amazon"),
            ("SP * ALLBIRDS", "allbirds"),
            ("PURCHASE AUTHORIZED ON 05/12 CORNER MARKET #552 IRVINE CA S38513 CARD 1234", "corner market"),
            ("סופר-פארם סניף 123", "סופר פארם"),
            ("AMZN MKTP US*2K4AB19", "amzn mktp us"),
        ] {
            assert_eq!(clean(text), expected, "{text}");
        }
    }

    #[test]
    fn it_keeps_what_people_type() {
        for (text, expected) in [
            ("Lunch with friends 52.90", "lunch with friends"),
            ("café crème", "cafe creme"),
            ("Buy me a coffee, ok", "buy me a coffee ok"),
            ("Car2Go", "car2go"),
            ("7-Eleven", "eleven"),
            ("PayPal", "paypal"),
            ("סוּפֶּר־פארם 120 ₪", "סופר פארם"),
            ("ארנונה ת״א", "ארנונה תא"),
            ("taxi 40 NIS", "taxi"),
        ] {
            assert_eq!(clean(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_without_words_has_no_merchant() {
        for text in ["", "   ", "1234", "12/03 52.90", "***", "🍕", "\u{200f}\u{5b0}"] {
            assert_eq!(merchant(text), "", "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn it_cleans_any_text_without_panic(text in "\\PC*") {
            let cleaned = clean(&text);

            prop_assert!(!cleaned.contains("  "));
            prop_assert_eq!(cleaned.trim(), cleaned.as_str());
        }

        #[test]
        fn it_cleans_descriptors_without_panic(text in "[A-Z*#.' 0-9]{0,40}( [A-Z]{2})?( [0-9]{5})?") {
            let cleaned = clean(&text);

            prop_assert!(cleaned.chars().all(|c| c.is_lowercase() || c.is_numeric() || c == ' '));
        }

        #[test]
        fn a_merchant_is_bounded_and_repeatable(text in any::<String>()) {
            let key = merchant(&text);

            prop_assert!(key.chars().count() <= MAX_MERCHANT_CHARS);
            prop_assert_eq!(&key, &merchant(&text));
        }
    }
}
