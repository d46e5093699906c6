//! The bytes of Kafka's protocol: requests apart, answers and batches of records together.

/// The request whose header has tagged fields: `ApiVersions`, from version 3 on.
const API_VERSIONS: i16 = 18;

/// A record of a partition.
#[derive(Clone, Debug)]
pub(crate) struct FakeRecord {
    pub(crate) millis: i64,
    pub(crate) value: Option<Vec<u8>>,
}

/// A request, read from its beginning on.
pub(crate) struct Question {
    bytes: Vec<u8>,
    at: usize,
    pub(crate) request: i16,
    pub(crate) correlation: i32,
}

impl Question {
    /// Reads the header.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let mut question = Self { bytes, at: 0, request: 0, correlation: 0 };
        question.request = question.i16();
        let version = question.i16();
        question.correlation = question.i32();
        question.string();
        if question.request == API_VERSIONS && version >= 3 {
            question.byte();
        }
        question
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let bytes = self.bytes[self.at..self.at + N].try_into().unwrap();
        self.at += N;
        bytes
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take::<1>()[0]
    }

    pub(crate) fn i16(&mut self) -> i16 {
        i16::from_be_bytes(self.take())
    }

    pub(crate) fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.take())
    }

    pub(crate) fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.take())
    }

    pub(crate) fn string(&mut self) -> String {
        let len = usize::try_from(self.i16()).unwrap_or_default();
        String::from_utf8(self.run(len)).unwrap()
    }

    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        let len = usize::try_from(self.i32()).unwrap_or_default();
        self.run(len)
    }

    fn run(&mut self, len: usize) -> Vec<u8> {
        let bytes = self.bytes[self.at..self.at + len].to_vec();
        self.at += len;
        bytes
    }
}

/// An answer without its header.
#[derive(Debug, Default)]
pub(crate) struct Answer(Vec<u8>);

impl Answer {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn i16(&mut self, number: i16) {
        self.0.extend(number.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, number: i32) {
        self.0.extend(number.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, number: i64) {
        self.0.extend(number.to_be_bytes());
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.i16(i16::try_from(text.len()).unwrap());
        self.0.extend(text.as_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.i32(i32::try_from(bytes.len()).unwrap());
        self.0.extend(bytes);
    }

    /// A varint, in zigzag.
    fn varint(&mut self, number: i64) {
        let mut number = (number << 1 ^ number >> 63).cast_unsigned();
        while number >= 0x80 {
            self.byte(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        self.byte(u8::try_from(number).unwrap());
    }

    /// Returns the answer with its length and its header.
    pub(crate) fn frame(self, correlation: i32) -> Vec<u8> {
        let mut framed = Self::default();
        framed.i32(i32::try_from(self.0.len() + 4).unwrap());
        framed.i32(correlation);
        framed.0.extend(self.0);
        framed.0
    }
}

/// Returns records as a batch (version 2), with a codec in its attributes by which it is not packed.
pub(crate) fn batch(first: i64, records: &[FakeRecord], codec: i16) -> Vec<u8> {
    let begun = records[0].millis;
    let mut body = Answer::default();
    for (delta, record) in (0..).zip(records) {
        let mut one = Answer::default();
        one.byte(0);
        one.varint(record.millis - begun);
        one.varint(delta);
        one.varint(-1);
        match &record.value {
            Some(value) => {
                one.varint(i64::try_from(value.len()).unwrap());
                one.0.extend(value);
            }
            None => one.varint(-1),
        }
        // A header, which is of no interest.
        one.varint(1);
        one.varint(1);
        one.byte(b'h');
        one.varint(2);
        one.0.extend(b"ignored".get(..2).unwrap());
        body.varint(i64::try_from(one.0.len()).unwrap());
        body.0.extend(one.0);
    }
    let last = i32::try_from(records.len()).unwrap() - 1;
    let latest = records.iter().map(|record| record.millis).max().unwrap();
    whole(first, codec, last, [begun, latest], &body.0)
}

/// Returns the mark of a transaction's end.
pub(crate) fn mark(first: i64) -> Vec<u8> {
    let mut one = Answer::default();
    one.byte(0);
    one.varint(0);
    one.varint(0);
    // The key says that the transaction was committed, the value who coordinates it.
    one.varint(4);
    one.i16(0);
    one.i16(1);
    one.varint(6);
    one.i16(0);
    one.i32(0);
    one.varint(0);
    let mut body = Answer::default();
    body.varint(i64::try_from(one.0.len()).unwrap());
    body.0.extend(one.0);
    whole(first, 0x30, 0, [0, 0], &body.0)
}

fn whole(first: i64, attributes: i16, last: i32, [begun, latest]: [i64; 2], records: &[u8]) -> Vec<u8> {
    let mut checked = Answer::default();
    checked.i16(attributes);
    checked.i32(last);
    checked.i64(begun);
    checked.i64(latest);
    checked.i64(-1);
    checked.i16(-1);
    checked.i32(-1);
    checked.i32(last + 1);
    checked.0.extend(records);
    let mut batch = Answer::default();
    batch.i64(first);
    batch.i32(i32::try_from(checked.0.len() + 9).unwrap());
    batch.i32(0);
    batch.byte(2);
    batch.0.extend(crc32c(&checked.0).to_be_bytes());
    batch.0.extend(checked.0);
    batch.0
}

/// The checksum of batches (Castagnoli's polynomial, RFC 3720).
fn crc32c(bytes: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (byte, entry) in (0u32..).zip(&mut table) {
        *entry = (0..8).fold(byte, |rest, _| if rest & 1 == 1 { rest >> 1 ^ 0x82f6_3b78 } else { rest >> 1 });
    }
    !bytes.iter().fold(!0u32, |crc, byte| crc >> 8 ^ table[usize::from(crc.to_le_bytes()[0] ^ byte)])
}
