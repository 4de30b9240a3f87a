//! The cryptography that rustls asks for, all of it in Rust, and random bytes that a seed decides.
//!
//! One choice of each is enough to talk to ourselves: the cipher suite `TLS_AES_128_GCM_SHA256`, which everybody must
//! have (RFC 8446 §9.1); X25519 to agree on a key (RFC 7748 §5); Ed25519 to sign (RFC 8032), which needs no dice.
//!
//! rustls asks shared objects for random bytes and for the time. So the connection that runs leaves its dice and its
//! clock where they find them: see [`at`].

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{Aes128Gcm, Tag};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hmac::Mac as _;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm, UnsupportedOperationError,
    make_tls13_aad,
};
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, SharedSecret, SupportedKxGroup,
    WebPkiSupportedAlgorithms, hash, hmac as tls_hmac,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use rustls::sign::{Signer, SigningKey as TlsSigningKey};
use rustls::time_provider::TimeProvider;
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, NamedGroup, PeerMisbehaved,
    ProtocolVersion, SignatureAlgorithm, SignatureScheme, SupportedCipherSuite, Tls13CipherSuite,
};
use sha2::{Digest as _, Sha256};

use crate::rng::Rng;

/// When the simulation's clock shows zero: 2026-01-01, as time since 1970.
const START: Duration = Duration::from_nanos(crate::peers::START.0.unsigned_abs());
/// Bytes of a key and of a tag of AES-128-GCM.
const KEY: usize = 16;
const TAG: usize = 16;
/// So many records may be sealed with one key (RFC 8446 §5.5).
const MOST_RECORDS: u64 = 1 << 24;
/// What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The dice and the clock of the connection that runs.
struct Moment {
    rng: Rng,
    now: Duration,
}

thread_local! {
    static MOMENT: RefCell<Option<Moment>> = const { RefCell::new(None) };
}

/// Runs something of rustls with these dice, at this moment.
pub(super) fn at<T>(now: Duration, rng: &mut Rng, run: impl FnOnce() -> T) -> T {
    let before = MOMENT.replace(Some(Moment { rng: rng.clone(), now }));
    let result = run();
    if let Some(moment) = MOMENT.replace(before) {
        *rng = moment.rng;
    }
    result
}

/// All of it.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![SupportedCipherSuite::Tls13(&SUITE)],
        kx_groups: vec![&X25519],
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: &[&Ed25519],
            mapping: &[(SignatureScheme::ED25519, &[&Ed25519])],
        },
        secure_random: &Dice,
        key_provider: &Ed25519,
    })
}

/// The dice of the connection that runs. Outside of [`at`] there are none.
#[derive(Debug)]
struct Dice;

impl SecureRandom for Dice {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        MOMENT.with_borrow_mut(|moment| moment.as_mut().map(|moment| moment.rng.fill(bytes))).ok_or(GetRandomFailed)
    }
}

/// The simulation's clock, which decides whether a certificate is still good.
#[derive(Debug)]
pub(super) struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let now = MOMENT.with_borrow(|moment| moment.as_ref().map(|moment| moment.now))?;
        Some(UnixTime::since_unix_epoch(START.saturating_add(now)))
    }
}

/// Key exchange over Curve25519.
#[derive(Debug)]
struct X25519;

/// A key for one handshake: the secret, and what the other end sees of it.
struct Ephemeral {
    secret: [u8; 32],
    public: [u8; 32],
}

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut secret = [0; 32];
        Dice.fill(&mut secret)?;
        let public = x25519_dalek::x25519(secret, x25519_dalek::X25519_BASEPOINT_BYTES);
        Ok(Box::new(Ephemeral { secret, public }))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

impl ActiveKeyExchange for Ephemeral {
    fn complete(self: Box<Self>, theirs: &[u8]) -> Result<SharedSecret, Error> {
        let theirs = theirs.try_into().map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = x25519_dalek::x25519(self.secret, theirs);
        // All zeros: the other end's point was chosen so that our secret has no say (RFC 8446 §7.4.2).
        if shared == [0; 32] {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        Ok(SharedSecret::from(&shared[..]))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

static SUITE: Tls13CipherSuite = Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_AES_128_GCM_SHA256,
        hash_provider: &Sha,
        confidentiality_limit: MOST_RECORDS,
    },
    hkdf_provider: &HkdfUsingHmac(&Sha),
    aead_alg: &Gcm,
    quic: None,
};

/// SHA-256, and the HMAC above it (RFC 2104).
struct Sha;

/// A hash that grows, and a key for HMAC that waits.
struct Hashing(Sha256);
struct Keyed(hmac::Hmac<Sha256>);

impl hash::Hash for Sha {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Hashing(Sha256::new()))
    }

    fn hash(&self, data: &[u8]) -> hash::Output {
        hash::Output::new(&Sha256::digest(data))
    }

    fn output_len(&self) -> usize {
        Sha256::output_size()
    }

    fn algorithm(&self) -> hash::HashAlgorithm {
        hash::HashAlgorithm::SHA256
    }
}

impl hash::Context for Hashing {
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> hash::Output {
        hash::Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl tls_hmac::Hmac for Sha {
    fn with_key(&self, key: &[u8]) -> Box<dyn tls_hmac::Key> {
        // A key of any length will do (RFC 2104 §2), so the other arm is never taken.
        let keyed = <hmac::Hmac<Sha256> as hmac::Mac>::new_from_slice(key);
        Box::new(Keyed(keyed.unwrap_or_else(|_| <hmac::Hmac<Sha256> as KeyInit>::new(&[0; 64].into()))))
    }

    fn hash_output_len(&self) -> usize {
        Sha256::output_size()
    }
}

impl tls_hmac::Key for Keyed {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> tls_hmac::Tag {
        let mut mac = self.0.clone();
        for part in std::iter::once(&first).chain(middle).chain([&last]) {
            mac.update(part);
        }
        tls_hmac::Tag::new(&mac.finalize().into_bytes())
    }

    fn tag_len(&self) -> usize {
        Sha256::output_size()
    }
}

/// AES-128-GCM over records (RFC 8446 §5.2).
struct Gcm;

/// One direction's key.
struct Seal {
    cipher: Aes128Gcm,
    iv: Iv,
}

impl Seal {
    fn new(key: &AeadKey, iv: Iv) -> Self {
        // rustls gives as many bytes as `key_len` says.
        let key: [u8; KEY] = std::array::from_fn(|at| key.as_ref().get(at).copied().unwrap_or_default());
        Self { cipher: Aes128Gcm::new(&key.into()), iv }
    }
}

impl Tls13AeadAlgorithm for Gcm {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Seal::new(&key, iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Seal::new(&key, iv))
    }

    fn key_len(&self) -> usize {
        KEY
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(ConnectionTrafficSecrets::Aes128Gcm { key, iv })
    }
}

impl MessageEncrypter for Seal {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_chunks(&message.payload);
        // What kind of record it is hides inside; outside all look like data.
        payload.extend_from_slice(&message.typ.to_array());
        let nonce = Nonce::new(&self.iv, seq).0.into();
        let sealed = self.cipher.encrypt_in_place_detached(&nonce, &make_tls13_aad(length), payload.as_mut());
        payload.extend_from_slice(&sealed.map_err(|_| Error::EncryptError)?);
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        length + 1 + TAG
    }
}

impl MessageDecrypter for Seal {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let nonce = Nonce::new(&self.iv, seq).0.into();
        let aad = make_tls13_aad(message.payload.len());
        let length = message.payload.len().checked_sub(TAG).ok_or(Error::DecryptError)?;
        let (sealed, tag) = message.payload.split_at_mut(length);
        let opened = self.cipher.decrypt_in_place_detached(&nonce, &aad, sealed, Tag::from_slice(tag));
        opened.map_err(|_| Error::DecryptError)?;
        message.payload.truncate(length);
        message.into_tls13_unpadded_message()
    }
}

/// Signatures over the twisted form of the same curve.
#[derive(Debug)]
struct Ed25519;

/// A private key.
#[derive(Clone, Debug)]
struct Key(SigningKey);

impl KeyProvider for Ed25519 {
    fn load_private_key(&self, der: PrivateKeyDer<'static>) -> Result<Arc<dyn TlsSigningKey>, Error> {
        let bytes = der.secret_der().strip_prefix(&PKCS8).and_then(|key| key.try_into().ok());
        let key = bytes.ok_or_else(|| Error::General("this is no Ed25519 key in PKCS #8".into()))?;
        Ok(Arc::new(Key(SigningKey::from_bytes(key))))
    }
}

impl TlsSigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::ED25519).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

impl SignatureVerificationAlgorithm for Ed25519 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = key.try_into().map_err(|_| InvalidSignature)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_slice(signature).map_err(|_| InvalidSignature)?;
        key.verify_strict(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ED25519
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ED25519
    }
}
