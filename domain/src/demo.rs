//! The data of a demo: fourteen months of an ordinary household, made up, the same for the same seed. Lately
//! something unusual happened to it, whatever day of the month it is; how that is found it must not know.

use jiff::{ToSpan as _, civil::Date};

use crate::{
    calendar::Month,
    category::CategoryId,
    money::{Currency, Money},
    settings::Settings,
    text::Description,
    transaction::NewTransaction,
};

const MONTHS: i32 = 14;
/// So many months ago the household went abroad: long enough for the rates of those days to be known.
const JOURNEYS: [i32; 2] = [4, 10];

/// Something that a household pays or gets: on a day of the month, or so many times a month.
#[derive(Clone, Copy)]
struct Item {
    english: &'static str,
    hebrew: &'static str,
    category: &'static str,
    /// Whole units of a currency of middling worth; negative is money out.
    amount: i64,
    rhythm: Rhythm,
}

#[derive(Clone, Copy)]
enum Rhythm {
    /// Every month on this day.
    On(i8),
    /// Every month on this day, and the latest time for this amount.
    Dearer(i8, i64),
    /// Every month on this day, until a month ago: the latest is overdue.
    Ended(i8),
    /// So many days before today, and never else.
    Ago(&'static [i64]),
    /// So many times a month, on any day.
    Times(u32),
}

const fn item(
    english: &'static str,
    hebrew: &'static str,
    category: &'static str,
    amount: i64,
    rhythm: Rhythm,
) -> Item {
    Item { english, hebrew, category, amount, rhythm }
}

use Rhythm::{Ago, Dearer, Ended, On, Times};

const ITEMS: [Item; 28] = [
    item("Salary", "משכורת", "income", 3900, On(1)),
    item("Freelance invoice", "חשבונית פרילנס", "income", 420, Times(1)),
    item("Rent", "שכר דירה", "housing-bills", -1250, On(2)),
    item("Electricity", "חברת חשמל", "housing-bills", -78, On(11)),
    item("Water", "מים וביוב", "housing-bills", -24, On(15)),
    item("Internet and phone", "אינטרנט וטלפון", "housing-bills", -46, On(8)),
    item("Home insurance", "ביטוח דירה", "housing-bills", -19, On(20)),
    item("Supermarket", "סופרמרקט", "food-drinks", -64, Times(5)),
    item("Farmers market", "שוק הכרמל", "food-drinks", -22, Times(3)),
    item("Coffee with friends", "קפה עם חברים", "food-drinks", -7, Times(6)),
    item("Falafel lunch", "פלאפל לצהריים", "food-drinks", -9, Times(4)),
    item("Dinner out", "ארוחת ערב בחוץ", "food-drinks", -48, Times(2)),
    item("Monthly bus pass", "חופשי חודשי", "transportation", -58, On(3)),
    item("Taxi", "מונית", "transportation", -17, Times(2)),
    item("Fuel", "דלק", "transportation", -55, Times(2)),
    item("Train to the coast", "רכבת לחוף", "transportation", -12, Times(1)),
    item("Online course", "קורס מקוון", "education-growth", -39, Times(1)),
    item("Books", "ספרים", "education-growth", -18, Times(1)),
    item("Pharmacy", "בית מרקחת", "health-essentials", -21, Times(2)),
    item("Gym membership", "מנוי לחדר כושר", "health-essentials", -42, Ended(5)),
    item("Dentist", "רופא שיניים", "health-essentials", -95, Times(0)),
    item("Streaming", "שירות סטרימינג", "leisure-gifts", -14, Dearer(12, -17)),
    item("Cinema tickets", "כרטיסים לקולנוע", "leisure-gifts", -24, Times(1)),
    item("Birthday gift", "מתנת יום הולדת", "leisure-gifts", -35, Times(1)),
    item("Bank fee", "עמלת בנק", "other", -6, On(28)),
    item("Cash withdrawal", "משיכת מזומן", "other", -60, Times(1)),
    // The shopping before a holiday, and a dinner that was charged twice.
    item("Supermarket", "סופרמרקט", "food-drinks", -238, Ago(&[33])),
    item("Harbour fish restaurant", "מסעדת הדגים בנמל", "food-drinks", -62, Ago(&[12, 11])),
];

/// A payment is overdue when it is later than weekends and banks explain.
const OVERDUE_DAYS: i64 = 4;

impl Item {
    /// The item as it is paid on a day; `None` when it is not: that day is yet to come, or it ended before.
    fn paid(self, date: Date, today: Date) -> Option<Self> {
        let amount = match self.rhythm {
            _ if date > today => return None,
            Ended(_) if date.saturating_add(1.month().days(OVERDUE_DAYS)) >= today => return None,
            Dearer(_, amount) if date > today.saturating_sub(1.month()) => amount,
            _ => self.amount,
        };
        Some(Self { amount, ..self })
    }
}

/// The transactions of a demo, up to `today`. Some of them are in other currencies, as on a journey.
pub fn transactions(settings: &Settings, today: Date, seed: u128) -> Vec<NewTransaction> {
    let hebrew = settings.locale.as_str().starts_with("he");
    let mut dice = Dice::new(seed);
    let this_month = Month::of(today);
    let mut all = Vec::new();
    for month in this_month.plus(1 - MONTHS).through(this_month) {
        for item in &ITEMS {
            let text = if hebrew { item.hebrew } else { item.english };
            for date in dates(item, month, today, &mut dice) {
                if let Some(item) = item.paid(date, today) {
                    all.extend(new(text, &item, date, settings.base_currency, &mut dice));
                }
            }
        }
        if JOURNEYS.contains(&(this_month.index() - month.index())) {
            all.extend(journey(month, today, hebrew, &mut dice));
        }
    }
    all
}

fn dates(item: &Item, month: Month, today: Date, dice: &mut Dice) -> Vec<Date> {
    let day = |offset: u32| month.first_day().saturating_add(i64::from(offset).days());
    let days = u32::try_from(month.last_day().day()).unwrap_or(28);
    match item.rhythm {
        On(on) | Dearer(on, _) | Ended(on) => vec![day(u32::try_from(on - 1).unwrap_or(0))],
        Ago(days) => {
            let dates = days.iter().map(|days| today.saturating_sub(days.days()));
            dates.filter(|date| Month::of(*date) == month).collect()
        }
        // A dentist comes once in a while.
        Times(0) => (dice.below(5) == 0).then(|| day(dice.below(days))).into_iter().collect(),
        Times(times) => (0..times).map(|_| day(dice.below(days))).collect(),
    }
}

/// A few days abroad, paid in euro and dollars.
fn journey(month: Month, today: Date, hebrew: bool, dice: &mut Dice) -> Vec<NewTransaction> {
    let hotel = item("Hotel in Athens", "מלון באתונה", "leisure-gifts", -280, On(17));
    let flight = item("Flight tickets", "כרטיסי טיסה", "transportation", -240, On(9));
    let paid = [(hotel, Currency::EUR), (flight, Currency::USD)];
    paid.into_iter()
        .filter_map(|(item, currency)| {
            let date = *dates(&item, month, today, dice).first()?;
            let text = if hebrew { item.hebrew } else { item.english };
            new(text, &item, date, currency, dice)
        })
        .collect()
}

fn new(text: &str, item: &Item, date: Date, currency: Currency, dice: &mut Dice) -> Option<NewTransaction> {
    let description = Description::parse(text).ok()?;
    // What comes many times a month varies by a quarter up or down; other amounts stay as they are.
    let permille = match item.rhythm {
        On(_) | Dearer(..) | Ended(_) | Ago(_) => 1000,
        Times(_) => 750 + i64::from(dice.below(500)),
    };
    let minor = item.amount * permille * scale(currency) / 10;
    let amount = Money::from_minor(minor * 10i64.pow(u32::from(currency.digits())) / 100, currency).ok()?;
    Some(NewTransaction {
        id: None,
        date,
        description,
        amount,
        account: None,
        category: CategoryId::parse(item.category).ok(),
        splits: Vec::new(),
        tags: Vec::new(),
        note: None,
        payee: None,
        external_id: None,
    })
}

/// How many units of a currency make a sum look ordinary. Only for looks: nothing is converted here.
fn scale(currency: Currency) -> i64 {
    match currency.code() {
        "ILS" | "PLN" | "BRL" | "RON" | "MYR" => 3,
        "CNY" | "DKK" | "SEK" | "NOK" | "HKD" | "ZAR" | "MXN" | "TRY" => 8,
        "CZK" | "THB" | "PHP" | "INR" => 30,
        "JPY" | "ISK" => 140,
        "HUF" => 350,
        "KRW" => 1300,
        "IDR" => 15_000,
        _ => 1,
    }
}

/// Chance that is the same every time (SplitMix64, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn new(seed: u128) -> Self {
        Self(u64::try_from(seed & u128::from(u64::MAX)).unwrap_or(1))
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        u32::try_from(mixed % u64::from(limit.max(1))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::text::Name;

    #[test]
    fn a_demo_has_fourteen_months_up_to_today_in_every_currency() {
        let today = date(2026, 11, 24);
        for currency in Currency::all() {
            let settings = Settings { base_currency: currency, ..Settings::of(Name::parse("Demo").unwrap()) };

            let demo = transactions(&settings, today, 7);

            let months: std::collections::BTreeSet<_> = demo.iter().map(|new| Month::of(new.date)).collect();
            assert_eq!(months.len(), 14, "{currency}");
            assert!(demo.iter().all(|new| new.date <= today && new.amount.minor() != 0), "{currency}");
            assert!(demo.len() > 400);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_demo() {
        let settings = Settings::of(Name::parse("Demo").unwrap());
        let sum = |seed| {
            let demo = transactions(&settings, date(2026, 11, 24), seed);
            demo.iter().map(|new| new.amount.minor()).sum::<i64>()
        };

        assert_eq!(sum(1), sum(1));
        assert_ne!(sum(1), sum(2));
    }
}
