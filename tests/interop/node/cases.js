'use strict';
// What a program on ali-ons does, checked to the content of what arrives.
// usage: list | cases NAMESRV NAME,NAME...; prints PASS|FAIL name seconds detail.

const { Consumer, Message, Producer } = require('ali-ons');

const CASE_SECONDS_MAX = 70;
const RUN = Date.now().toString(36);
const [ verb, nameSrv, wanted ] = process.argv.slice(2);
// Asked for by the client although it only serves the address look-up of a cloud.
const httpclient = { request() { throw new Error('name server addresses are given'); } };
const logger = { debug() {}, info() {}, warn() {}, error() {} };

function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));

async function until(what, seconds, holds) {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    check(Date.now() < end, `waited ${seconds} s for: ${what}`);
    await sleep(50);
  }
}

async function producerOf(topic) {
  const producer = new Producer({ nameSrv, httpclient, logger, producerGroup: `P_${topic}` });
  producer.on('error', e => console.error(`${topic}: ${e.message}`));
  await producer.ready();
  return producer;
}

/** ali-ons sends only to topics that exist, so each case makes its own through the client. */
async function makeTopic(producer, topic) {
  const client = producer._mqClient;
  const route = await client.getDefaultTopicRouteInfoFromNameServer('TBW102', 3000);
  check(route.brokerDatas.length === 1, 'one broker serves TBW102');
  await client.createTopic(route.brokerDatas[0].brokerAddrs[0], 'TBW102', {
    topicName: topic, readQueueNums: 4, writeQueueNums: 4, perm: 6,
    topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false,
  }, 5000);
  for (let tries = 0; tries < 50; tries++) {
    try {
      await client.getTopicRouteInfoFromNameServer(topic, 3000);
      return;
    } catch (e) {
      await sleep(100);
    }
  }
  throw new Error('the new topic has no route');
}

async function consume(topic, tag, handler) {
  const consumer = new Consumer({ nameSrv, httpclient, logger, consumerGroup: `G_${topic}` });
  consumer.on('error', e => console.error(`${topic}: ${e.message}`));
  consumer.subscribe(topic, tag, handler);
  await consumer.ready();
}

function sameBodies(seen, bodies) {
  const got = seen.map(x => x.body.toString()).sort();
  check(JSON.stringify(got) === JSON.stringify(bodies.slice().sort()),
    `wanted ${bodies.length} bodies, each once, got ${got.length}: ${got.slice(0, 5)}`);
}

async function sendAndConsume(topic, tag) {
  const producer = await producerOf(topic);
  await makeTopic(producer, topic);
  const ids = new Set();
  const bodies = [];
  for (let i = 0; i < 60; i++) {
    const itsTag = i % 2 ? 'odd' : 'even';
    const body = `m-${i} ünïcode 🎭`;
    const result = await producer.send(new Message(topic, itsTag, body));
    check(result.sendStatus === 'SEND_OK', `status ${result.sendStatus}`);
    ids.add(result.msgId);
    if (tag === '*' || tag === itsTag) bodies.push(body);
  }
  check(ids.size === 60, 'ids are unique');
  const seen = [];
  await consume(topic, tag, async message => { seen.push(message); });
  await until(`${bodies.length} messages`, 40, () => seen.length >= bodies.length);
  await sleep(500);
  sameBodies(seen, bodies);
  check(tag === '*' || seen.every(x => x.tags === tag), 'only its tag');
}

async function properties(topic) {
  const producer = await producerOf(topic);
  await makeTopic(producer, topic);
  const message = new Message(topic, '标签', 'grüße 世界 🎭');
  message.keys = [ 'key-1', 'key-2' ];
  message.properties.colour = 'grün';
  await producer.send(message);
  const big = 'all the world is a stage. '.repeat(4000);
  await producer.send(new Message(topic, 'big', big));
  const seen = [];
  await consume(topic, '*', async got => { seen.push(got); });
  await until('both', 40, () => seen.length >= 2);
  sameBodies(seen, [ 'grüße 世界 🎭', big ]);
  const got = seen.find(x => x.tags === '标签');
  check(got, 'the tag came back');
  check(got.keys === 'key-1 key-2', `keys ${got.keys}`);
  check(got.properties.colour === 'grün', `property ${got.properties.colour}`);
}

async function longPoll(topic) {
  const producer = await producerOf(topic);
  await makeTopic(producer, topic);
  const seen = [];
  await consume(topic, '*', async message => { seen.push(message); });
  await sleep(2000);
  for (let i = 0; i < 5; i++) {
    const sent = Date.now();
    await producer.send(new Message(topic, 'A', `m-${i}`));
    await until(`message ${i}`, 10, () => seen.length > i);
    // The first may wait for the client's own rebalance.
    check(i === 0 || Date.now() - sent < 1500, `woken on arrival, took ${Date.now() - sent} ms`);
  }
  sameBodies(seen, [ 0, 1, 2, 3, 4 ].map(i => `m-${i}`));
}

async function retry(topic) {
  const producer = await producerOf(topic);
  await makeTopic(producer, topic);
  await producer.send(new Message(topic, 'A', 'again'));
  const tries = [];
  await consume(topic, '*', async message => {
    tries.push({ body: message.body.toString(), times: message.reconsumeTimes, topic: message.topic });
    if (tries.length === 1) throw new Error('not yet');
  });
  await until('the second try', 60, () => tries.length >= 2);
  check(tries[1].body === 'again', `body ${tries[1].body}`);
  check(tries[1].times === 1, `reconsume times ${tries[1].times}`);
  check(tries[1].topic === topic, `topic ${tries[1].topic}`);
}

const cases = {
  retry: { run: retry, marks: [ 'SLOW' ] },
  send_consume: { run: topic => sendAndConsume(topic, '*'), marks: [] },
  consume_tags: { run: topic => sendAndConsume(topic, 'odd'), marks: [] },
  send_properties: { run: properties, marks: [] },
  consume_long_poll: { run: longPoll, marks: [] },
};

async function runOne(name) {
  const began = Date.now();
  let failure;
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${CASE_SECONDS_MAX} s`)), CASE_SECONDS_MAX * 1000);
  });
  try {
    await Promise.race([ cases[name].run(`N_${name}_${RUN}`), tooLong ]);
  } catch (e) {
    console.error(e.stack);
    failure = e.message.replace(/\s+/g, ' ');
  }
  clearTimeout(timer);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(failure ? `FAIL ${name} ${seconds} ${failure}` : `PASS ${name} ${seconds}`);
  return !failure;
}

(async () => {
  if (verb === 'list') {
    for (const [ name, one ] of Object.entries(cases)) console.log(`${name} [${one.marks}]`);
    return;
  }
  const names = (wanted || '').split(',').filter(name => cases[name]);
  if (verb !== 'cases' || !names.length) {
    console.error('usage: list | cases NAMESRV NAME,NAME...');
    process.exit(2);
  }
  const passed = await Promise.all(names.map(runOne));
  process.exit(passed.every(Boolean) ? 0 : 1);
})();
