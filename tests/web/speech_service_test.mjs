// SPDX-License-Identifier: Apache-2.0
// The speech service with OpenAI's own client, as it is published.
//
//   PINHOLE_BUILD=build/release node --test tests/web/speech_service_test.mjs
//
// The service is pinhole_speech_demo, which takes a file's text for what was said. Skips by name where the client or the
// program is missing.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.PINHOLE_BUILD ?? join(root, 'build/release');
const demo = join(build, 'src/speech/service/pinhole_speech_demo');

let openai = null;
try {
  openai = await import('openai');
} catch { /* said below */ }
const missing = !openai ? 'openai is not installed, or this node is older than 20: npm ci in tests/web'
  : typeof File === 'undefined' ? 'this node is older than 20'
  : !existsSync(demo) ? `${demo} is not built` : false;

const TOKEN = '0123456789abcdef';
const SAID = 'Good morning.\nHow are you?';

// Those that a failed test left are ended at the end.
const started = [];
async function start(...options) {
  const service = spawn(demo, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  started.push(service);
  const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value;
  assert.match(url, /^http:\/\//);
  const client = new openai.OpenAI({ baseURL: `${url}/v1`, apiKey: TOKEN, maxRetries: 0 });
  return { client, url, stop: () => service.stdin.end() };
}
const sound = (text, name = 'said.wav') => openai.toFile(Buffer.from(text), name);

describe('speech service', { skip: missing, timeout: 60000 }, () => {
  after(() => { for (const service of started) service.kill(); });

  test('each format is what the client makes of it', async () => {
    const { client, stop } = await start();
    const ask = async options => client.audio.transcriptions.create(
      { file: await sound(SAID), model: 'whisper-1', ...options });
    assert.equal((await ask({})).text, 'Good morning. How are you?');
    assert.equal((await ask({ response_format: 'json' })).usage.seconds, 2);
    assert.equal(await ask({ response_format: 'text' }), 'Good morning. How are you?\n');
    assert.match(await ask({ response_format: 'srt' }), /^1\n00:00:00,000 --> 00:00:01,000\nGood morning\.\n\n2\n/);
    assert.match(await ask({ response_format: 'vtt' }), /^WEBVTT\n\n00:00:00\.000 --> /);
    const verbose = await ask({
      response_format: 'verbose_json', language: 'de', prompt: 'x', temperature: 0.2,
      timestamp_granularities: ['word', 'segment'],
    });
    assert.equal(verbose.language, 'german');
    assert.equal(verbose.duration, 2);
    assert.deepEqual(verbose.segments.map(segment => segment.text), [' Good morning.', ' How are you?']);
    assert.deepEqual(verbose.words.map(word => word.word), ['Good', 'morning.', 'How', 'are', 'you?']);
    stop();
  });

  test('a stream has the text as it is heard', async () => {
    const { client, stop } = await start();
    const stream = await client.audio.transcriptions.create(
      { file: await sound(SAID), model: 'whisper-1', stream: true });
    let joined = '';
    let done = null;
    for await (const event of stream) {
      if (event.type === 'transcript.text.delta') joined += event.delta;
      else done = event;
    }
    assert.equal(done.type, 'transcript.text.done');
    assert.equal(done.text, 'Good morning. How are you?');
    assert.equal(joined, done.text);
    stop();
  });

  test('translations, models', async () => {
    const { client, stop } = await start();
    const english = await client.audio.translations.create({ file: await sound(SAID), model: 'whisper-1' });
    assert.equal(english.text, '[en] Good morning. How are you?');
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.deepEqual(names, ['fake']);
    assert.equal((await client.models.retrieve('whisper-1')).id, 'fake');
    stop();
  });

  test('errors are the client\'s own', async () => {
    const { client, url, stop } = await start('--token', TOKEN, '--upload-limit', '1000');
    const fails = async (kind, options, with_client = client) => {
      let error = null;
      try {
        await with_client.audio.transcriptions.create({ file: await sound(SAID), model: 'whisper-1', ...options });
      } catch (thrown) {
        error = thrown;
      }
      assert.ok(error instanceof kind, String(error));
      return error;
    };
    const { NotFoundError, AuthenticationError, BadRequestError, APIError } = openai.OpenAI;
    assert.equal((await fails(NotFoundError, { model: 'gpt-4o-transcribe' })).code, 'model_not_found');
    assert.equal((await fails(BadRequestError, { response_format: 'docx' })).param, 'response_format');
    assert.equal((await fails(BadRequestError, { file: await sound('fail') })).code, 'invalid_file');
    assert.equal((await fails(APIError, { file: await sound('x'.repeat(1001)) })).status, 413);
    const stranger = new openai.OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 });
    assert.equal((await fails(AuthenticationError, {}, stranger)).code, 'invalid_api_key');
    stop();
  });

  test('a full queue is a rate limit, and who leaves makes room', async () => {
    const { client, url, stop } = await start('--waiting', '0');
    const leave = new AbortController();
    const busy = client.audio.transcriptions.create(
      { file: await sound('wait'), model: 'whisper-1' }, { signal: leave.signal });
    busy.catch(() => {});
    const is_busy = async () => /workers_busy 1\n/.test(await (await fetch(`${url}/metrics`)).text());
    while (!await is_busy()) { /* until it has arrived */ }
    await assert.rejects(
      client.audio.transcriptions.create({ file: await sound(SAID), model: 'whisper-1' }),
      openai.OpenAI.RateLimitError);
    leave.abort();
    await assert.rejects(busy, openai.OpenAI.APIUserAbortError);
    const patient = client.withOptions({ maxRetries: 5 });
    assert.equal((await patient.audio.transcriptions.create(
      { file: await sound(SAID), model: 'whisper-1' })).text, 'Good morning. How are you?');
    stop();
  });
});
