import { screen, render, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { auth } from '@/api/auth';
import { server } from '@/testing/setup';
import { Book } from '../../mock/book';
import { problem } from '../../mock/routes';
import { App } from './App';

const password = 'a-quiet-river-42';

function signedIn(): Book {
  const book = new Book({ email: 'dana@example.org' }, password);
  server.mock.people.set('dana@example.org', book);
  server.mock.open(book);
  return book;
}

test('without a session the sign-in card is shown, and problems at their fields', async () => {
  const user = userEvent.setup();
  signedIn();
  server.mock.current = null;
  render(<App />);
  await user.click(await screen.findByRole('button', { name: 'Create an account' }));
  await user.type(screen.getByRole('textbox', { name: 'Name' }), 'Dana');
  await user.type(screen.getByRole('textbox', { name: 'E-mail' }), 'dana@example.org');
  await user.type(screen.getByLabelText('Password'), 'long-enough-words');
  expect(screen.getByText(/Good|Strong/)).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Create account' }));

  await waitFor(() => expect(screen.getByRole('textbox', { name: 'E-mail' })).toBeInvalid());
  expect(screen.getByText(/already an account/)).toBeInTheDocument();
});

test('a new person is invited to add the first expense, and it appears', async () => {
  const user = userEvent.setup();
  const book = signedIn();
  render(<App />);
  await user.click(await screen.findByRole('button', { name: 'Add your first expense' }));
  const dialog = await screen.findByRole('dialog', { name: 'Add a transaction' });
  await user.type(within(dialog).getByRole('textbox', { name: 'Description' }), 'Coffee at Aroma');
  await user.type(within(dialog).getByRole('textbox', { name: 'Amount' }), '18.90');
  expect(await within(dialog).findByRole('status', { name: 'Suggested category' })).toHaveTextContent('Food & drinks91%');
  await user.click(within(dialog).getByRole('button', { name: 'Add' }));

  expect(await screen.findByText(/Added Coffee at Aroma/)).toBeInTheDocument();
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  expect(book.transactions).toMatchObject([{ amount: '-18.90', category_id: 'food-drinks' }]);
  expect(await screen.findByRole('link', { name: /Spent/ })).toHaveTextContent('18.90');
});

test('a write that fails on the way is sent again with the same key', async () => {
  const user = userEvent.setup();
  const book = signedIn();
  render(<App />);
  await user.click(await screen.findByRole('button', { name: 'Add your first expense' }));
  const dialog = await screen.findByRole('dialog', { name: 'Add a transaction' });
  await user.type(within(dialog).getByRole('textbox', { name: 'Description' }), 'Lunch');
  await user.type(within(dialog).getByRole('textbox', { name: 'Amount' }), '50');
  server.mock.failures.set('POST /transactions', problem(503, 'busy'));
  await user.click(within(dialog).getByRole('button', { name: 'Add' }));
  setTimeout(() => server.mock.failures.clear(), 600);

  expect(await screen.findByText(/Added Lunch/, undefined, { timeout: 5000 })).toBeInTheDocument();
  expect(book.transactions).toHaveLength(1);
  expect(book.replies.size).toBe(1);
});

test('a page whose figures cannot be had says so and tries again', async () => {
  const user = userEvent.setup();
  signedIn();
  server.mock.failures.set('GET /dashboard', problem(500, 'internal'));
  render(<App />);
  const retry = await screen.findByRole('button', { name: 'Try again' });
  server.mock.failures.clear();
  await user.click(retry);

  expect(await screen.findByRole('button', { name: 'Add your first expense' })).toBeInTheDocument();
});

test('when the session ends the card stands over the page, which stays as it was', async () => {
  const user = userEvent.setup();
  const book = signedIn();
  render(<App />);
  await user.click(await screen.findByRole('button', { name: 'Add your first expense' }));
  const form = await screen.findByRole('dialog', { name: 'Add a transaction' });
  await user.type(within(form).getByRole('textbox', { name: 'Description' }), 'unsaved');
  server.mock.sessions.clear();
  auth.expire('inactive');

  const card = await screen.findByRole('dialog', { name: 'Sign in to go on' });
  await user.type(within(card).getByLabelText('Password'), password);
  await user.click(within(card).getByRole('button', { name: 'Sign in' }));
  await waitFor(() => expect(auth.get()).toEqual({ status: 'in', userId: book.me.id }));
  expect(within(form).getByRole('textbox', { name: 'Description' })).toHaveValue('unsaved');
});
