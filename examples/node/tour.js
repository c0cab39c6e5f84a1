'use strict';
// Sends to topic `tour` and consumes from it with ali-ons. That client sends only to topics that
// exist: run the Java tour first.
// usage: node tour.js [HOST:PORT of the name server]

const { Consumer, Producer, Message } = require('ali-ons');

const nameSrv = process.argv[2] || '127.0.0.1:9876';
// The client wants one at hand although it only asks a cloud's address service with it.
const httpclient = { request() { throw new Error('no address service'); } };

async function main() {
  const consumer = new Consumer({ nameSrv, httpclient, consumerGroup: 'tour-node-consumer' });
  consumer.subscribe('tour', 'from-node', async message => {
    console.log('got', message.body.toString());
    if (message.body.toString() === 'hello 9') {
      setTimeout(() => process.exit(0), 500);
    }
  });
  await consumer.ready();

  const producer = new Producer({ nameSrv, httpclient, producerGroup: 'tour-node-producer' });
  await producer.ready();
  for (let i = 0; i < 10; i++) {
    const result = await producer.send(new Message('tour', 'from-node', `hello ${i}`));
    console.log('sent', result.msgId);
  }
}

main().catch(error => {
  console.error(error.message);
  process.exit(1);
});
