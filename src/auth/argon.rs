//! argon2id in a fixed arena of memory, and its PHC strings. It knows nothing of people, queues or threads.

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt},
};
use finbrain_domain::user::PasswordHash;
use subtle::ConstantTimeEq;

use super::password::Password;

const OUTPUT_BYTES: usize = 32;
/// What a stored hash may ask for at most: a damaged or planted row must not eat the machine.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;

/// How expensive a hash is. One lane: a hash uses one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl Default for HashCost {
    /// OWASP's recommendation for argon2id.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2 }
    }
}

impl HashCost {
    /// Whether argon2id can work with it, and would still read its own hashes.
    pub(super) fn is_payable(self) -> bool {
        let Self { memory_kib, passes } = self;
        Params::new(memory_kib, passes, 1, None).is_ok()
            && memory_kib <= MAX_MEMORY_KIB
            && passes <= MAX_PASSES
    }
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub matches: bool,
    /// The stored hash is cheaper than new ones are: hash the password again now that it is known.
    pub needs_rehash: bool,
}

/// A hash that cannot be read, or not within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored password hash is damaged")]
pub(super) struct DamagedHash;

/// The memory of one hash at a time, allocated once.
pub(super) struct Arena {
    cost: HashCost,
    blocks: Vec<Block>,
}

impl Arena {
    pub(super) fn new(cost: HashCost) -> Self {
        Self { cost, blocks: vec![Block::new(); blocks(cost.memory_kib)] }
    }

    pub(super) fn hash(&mut self, password: &Password, salt: &[u8; 16]) -> PasswordHash {
        let params = Params::new(self.cost.memory_kib, self.cost.passes, 1, Some(OUTPUT_BYTES))
            .expect("the configured cost was checked when the pool started");
        let text_params = ParamsString::try_from(&params).expect("numbers fit a PHC string");
        let mut output = [0; OUTPUT_BYTES];
        self.fill(params, Version::V0x13, password, salt, &mut output)
            .expect("arena fits the configured cost");
        let phc = Phc {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: text_params,
            salt: Some(Salt::new(salt).expect("16 bytes are a salt")),
            hash: Some(Output::new(&output).expect("32 bytes are an output")),
        };
        PasswordHash(phc.to_string())
    }

    pub(super) fn verify(
        &mut self,
        password: &Password,
        stored: &PasswordHash,
    ) -> Result<Verdict, DamagedHash> {
        let phc = Phc::new(&stored.0).map_err(|_| DamagedHash)?;
        let params = Params::try_from(&phc).map_err(|_| DamagedHash)?;
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(|_| DamagedHash)?;
        let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else { return Err(DamagedHash) };
        let (memory_kib, passes) = (params.m_cost(), params.t_cost());
        let out_of_bounds = memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES;
        if phc.algorithm != ARGON2ID_IDENT || out_of_bounds {
            return Err(DamagedHash);
        }
        let mut output = vec![0; expected.len()];
        self.fill(params, version, password, salt, &mut output)?;
        Ok(Verdict {
            matches: output.ct_eq(expected.as_bytes()).into(),
            needs_rehash: memory_kib < self.cost.memory_kib || passes < self.cost.passes,
        })
    }

    fn fill(
        &mut self,
        params: Params,
        version: Version,
        password: &Password,
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), DamagedHash> {
        let needed = params.block_count();
        let argon = Argon2::new(Algorithm::Argon2id, version, params);
        if needed <= self.blocks.len() {
            argon.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut self.blocks)
        } else {
            // From a time when hashes were dearer: rare, so the arena does not grow for it.
            argon.hash_password_into(password.as_bytes(), salt, output)
        }
        .map_err(|_| DamagedHash)
    }
}

/// Blocks of 1 KiB; argon2 uses at least eight.
fn blocks(memory_kib: u32) -> usize {
    memory_kib.max(Params::MIN_M_COST) as usize
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    const CHEAP: HashCost = HashCost { memory_kib: 64, passes: 2 };

    fn password(text: &str) -> Password {
        Password::parse(text.into()).unwrap()
    }

    #[test]
    fn the_crate_verifies_what_the_arena_hashes() {
        let hash = Arena::new(CHEAP).hash(&password("correct horse"), &[7; 16]);

        let phc = Phc::new(&hash.0).unwrap();

        assert!(hash.0.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{}", hash.0);
        assert_eq!(Argon2::default().verify_password(b"correct horse", &phc), Ok(()));
        assert!(Argon2::default().verify_password(b"correct house", &phc).is_err());
    }

    #[test]
    fn the_arena_verifies_what_the_crate_hashes() {
        for (memory, lanes) in [(64, 1), (32, 2), (1024, 1)] {
            let params = Params::new(memory, 2, lanes, None).unwrap();
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let stored = PasswordHash(argon.hash_password(b"correct horse").unwrap().to_string());
            let mut arena = Arena::new(CHEAP);

            let right = arena.verify(&password("correct horse"), &stored).unwrap();
            let wrong = arena.verify(&password("correct house"), &stored).unwrap();

            assert_eq!((right.matches, wrong.matches), (true, false), "{memory} KiB, {lanes} lanes");
            assert_eq!(right.needs_rehash, memory < 64);
        }
    }

    #[test]
    fn a_hash_that_makes_no_sense_or_asks_too_much_is_damaged() {
        let salted = "$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for bad in [
            String::new(),
            "plain".into(),
            "$argon2id$v=19$m=64,t=2,p=1".into(),
            format!("$argon2d$v=19$m=64,t=2,p=1{salted}"),
            format!("$argon2id$v=18$m=64,t=2,p=1{salted}"),
            format!("$argon2id$v=19$m=4194304,t=2,p=1{salted}"),
            format!("$argon2id$v=19$m=64,t=1000000,p=1{salted}"),
        ] {
            let found = Arena::new(CHEAP).verify(&password("correct horse"), &PasswordHash(bad.clone()));
            assert_eq!(found, Err(DamagedHash), "{bad}");
        }
    }
}
