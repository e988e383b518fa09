//! Characters that differ in writing but not in meaning, made one. Knows nothing of words.

/// Marks that vanish without ending the word: Hebrew points, Arabic vowels, combining accents, apostrophes
/// (gershayim of Hebrew abbreviations among them), joiners and direction marks.
pub(crate) fn is_silent(c: char) -> bool {
    matches!(c,
        '\'' | '’' | '‘' | '`' | '´' | '׳' | '״' | '"'
        | '\u{0300}'..='\u{036f}'
        | '\u{0591}'..='\u{05bd}' | '\u{05bf}' | '\u{05c1}'..='\u{05c7}'
        | '\u{0640}' | '\u{064b}'..='\u{0652}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// Appends the character in lower case, without its accent.
pub(crate) fn push_folded(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    for c in c.to_lowercase() {
        if is_silent(c) {
            continue;
        }
        match unaccented(c) {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            plain => out.push(plain),
        }
    }
}

fn unaccented(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ș' => 's',
        'ť' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ё' => 'е',
        'أ' | 'إ' | 'آ' => 'ا',
        'ة' => 'ه',
        'ى' => 'ي',
        other => other,
    }
}

/// Hebrew letters as they stand inside a word, so that a word and its plural share their n-grams. Not part of
/// cleaning, because a merchant key may be shown.
pub(crate) fn medial(c: char) -> char {
    match c {
        'ך' => 'כ',
        'ם' => 'מ',
        'ן' => 'נ',
        'ף' => 'פ',
        'ץ' => 'צ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        text.chars().filter(|&c| !is_silent(c)).for_each(|c| push_folded(c, &mut out));
        out
    }

    #[test]
    fn it_folds_case_accents_and_points() {
        assert_eq!(folded("CAFÉ Straße Łódź"), "cafe strasse lodz");
        assert_eq!(folded("שָׁלוֹם"), "שלום");
        assert_eq!(folded("Ёлка"), "елка");
        assert_eq!(folded("مُطْعَم قهوة"), "مطعم قهوه");
    }
}
