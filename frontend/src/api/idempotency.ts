/** Every write of the book carries a key that stays the same when the same action is sent again. */
import { randomId } from '@/lib/id';

export type Keyed<T> = T & { idempotencyKey: string };

export function keyed<T extends object>(variables: T): Keyed<T> {
  return { ...variables, idempotencyKey: randomId() };
}

export function keyHeader(variables: { idempotencyKey: string }) {
  return { 'Idempotency-Key': variables.idempotencyKey };
}
