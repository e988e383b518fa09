/** Owns the highest ledger version this tab has seen, and which of them it wrote itself. */

let seen = 0;
const own = new Set<number>();

export const ledgerVersion = {
  get: () => seen,
  see(version: number) {
    if (Number.isSafeInteger(version) && version > seen) seen = version;
  },
  wrote(version: number) {
    ledgerVersion.see(version);
    own.add(version);
    if (own.size > 200) own.delete(Math.min(...own));
  },
  isOwn: (version: number) => own.has(version),
  /** Another person's ledger counts its own versions. */
  reset() {
    seen = 0;
    own.clear();
  },
};
