import type { Problem } from './types';

/** A problem document of the server, or a failed connection (`status` 0), as an exception. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`);
    this.name = 'ProblemError';
    this.status = status;
    this.code = problem?.code ?? (status === 0 ? 'offline' : 'unknown');
    this.problem = problem;
  }

  /** The server's message for one field, by the last step of its JSON pointer. */
  field(name: string): string | undefined {
    const found = this.problem?.errors?.find((error) => error.pointer.replace(/^#?\//, '').split('/')[0] === name);
    return found?.message;
  }

  hasFields(names: readonly string[]): boolean {
    return names.some((name) => this.field(name) !== undefined);
  }
}

export function isProblem(error: unknown): error is ProblemError {
  return error instanceof ProblemError;
}

function looksLikeProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

export function problemFrom(status: number, body: unknown): ProblemError {
  return new ProblemError(status, looksLikeProblem(body) ? body : null);
}
