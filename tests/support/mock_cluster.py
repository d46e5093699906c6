"""A cluster of Kafka on the loopback, by librdkafka's mock: another peer than the tests' own brokers.

mock_cluster.py TOPIC:CODEC:COUNT...  creates each topic with COUNT events, 10 an asset, spread over its partitions,
prints the broker's address, and then takes lines: `more TOPIC COUNT` appends, `consume TOPIC` reads the topic by
confluent_kafka's own consumer and prints the records and the seconds. Ends with its stdin.
"""
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

PARTITIONS = 3
made = {}


def value(topic, number):
    """An event; every record has an asset of its own unless there are very many."""
    return (
        '{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"%s-%d","status":"SUCCEED","sample":[],"dots":[]}}'
        % (topic, number % 1000)
    )


def produce(producer, topic, count):
    first = made.get(topic, 0)
    for number in range(first, first + count):
        while True:
            try:
                producer.produce(topic, value(topic, number), partition=number % PARTITIONS, headers={"ignored": b"\xff"})
                break
            except BufferError:
                producer.poll(0.05)
    producer.flush()
    made[topic] = first + count


def consume(address, topic):
    consumer = Consumer({"bootstrap.servers": address, "group.id": "none", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    begun, count = time.monotonic(), 0
    while count < made[topic]:
        # The mock keeps 5 MB of each partition only, so that some may be missing.
        some = consumer.consume(10000, timeout=5)
        if not some:
            break
        count += len(some)
    seconds = time.monotonic() - begun
    consumer.close()
    return count, seconds


settings = {"bootstrap.servers": "", "test.mock.num.brokers": 1, "linger.ms": 20}
# The one that has the mock; the others speak to it as to any cluster.
owner = Producer(settings)
broker = next(iter(owner.list_topics().brokers.values()))
address = "%s:%d" % (broker.host, broker.port)
for spec in sys.argv[1:]:
    topic, codec, count = spec.split(":")
    produce(Producer({"bootstrap.servers": address, "compression.type": codec, "linger.ms": 20}), topic, int(count))
print(address, flush=True)
for line in sys.stdin:
    command, topic, *rest = line.split()
    if command == "more":
        produce(Producer({"bootstrap.servers": address}), topic, int(rest[0]))
        print("done", flush=True)
    else:
        print("%d %.3f" % consume(address, topic), flush=True)
