//! The fields of TLS: records, alerts, handshake messages, extensions.

use super::codes;
use crate::proto::prelude::*;

const U8: Kind = Kind::Uint(8);
const U16: Kind = Kind::Uint(16);
const U24: Kind = Kind::Uint(24);
const H16: Kind = Kind::Hex(16);

fields! {
    RECORD = dynamic(Kind::Flag, "tls.record", "Record", "One envelope: what kind of content, and how much.");
    RECORD_CONTENT_TYPE = dynamic(U8, "tls.record.content_type", "Content type", "What the record carries.").names(codes::CONTENT_TYPES);
    RECORD_OPAQUE_TYPE = dynamic(U8, "tls.record.opaque_type", "Outer content type", "Says application data; TLS 1.3 hides the true type inside.").names(codes::CONTENT_TYPES);
    RECORD_VERSION = dynamic(H16, "tls.record.version", "Record version", "Kept old so that old middleboxes let it pass.").names(codes::VERSIONS);
    RECORD_LENGTH = dynamic(U16, "tls.record.length", "Record length", "Bytes of the record's content.");
    CHANGE_CIPHER_SPEC_ = dynamic(Kind::Flag, "tls.change_cipher_spec", "Change cipher spec", "From here on, this sender encrypts.");
    ALERT_MESSAGE = dynamic(Kind::Flag, "tls.alert_message", "Alert", "Something is over or has gone wrong; it may be encrypted.");
    ALERT_LEVEL = dynamic(U8, "tls.alert_message.level", "Alert level", "Whether the connection can live on.").names(codes::ALERT_LEVELS);
    ALERT_DESC = dynamic(U8, "tls.alert_message.desc", "Alert description", "What has happened.").names(codes::ALERTS);
    APP_DATA = dynamic(Kind::Bytes, "tls.app_data", "Encrypted application data", "What only the two ends can read.");
    HANDSHAKE_PROTOCOL = dynamic(Kind::Flag, "tls.handshake", "Handshake message", "A step of agreeing on keys; it may be encrypted.");
    HANDSHAKE_TYPE = dynamic(U8, "tls.handshake.type", "Handshake type", "Which step of the handshake it is.").names(codes::HANDSHAKES);
    HANDSHAKE_LENGTH = dynamic(U24, "tls.handshake.length", "Handshake length", "Bytes of this handshake message.");
    HANDSHAKE_VERSION = dynamic(H16, "tls.handshake.version", "Version", "The newest version before 1.3; 1.3 is told in an extension.").names(codes::VERSIONS);
    RANDOM = dynamic(Kind::Bytes, "tls.handshake.random", "Random", "32 fresh bytes, so that no two sessions have the same keys.");
    SESSION_ID_LENGTH = dynamic(U16, "tls.handshake.session_id_length", "Session ID length", "Bytes of the session's id.");
    SESSION_ID = dynamic(Kind::Bytes, "tls.handshake.session_id", "Session ID", "Names an earlier session that may be resumed.");
    CIPHER_SUITES_LENGTH = dynamic(U16, "tls.handshake.cipher_suites_length", "Cipher suites length", "Bytes of the list of cipher suites.");
    CIPHERSUITE = dynamic(H16, "tls.handshake.ciphersuite", "Cipher suite", "A set of algorithms: offered by the client, or chosen.").names(codes::CIPHER_SUITES);
    COMP_METHODS_LENGTH = dynamic(U8, "tls.handshake.comp_methods_length", "Compression length", "Bytes of the list of compression methods.");
    COMP_METHOD = dynamic(U8, "tls.handshake.comp_method", "Compression method", "Always 0: compression gave secrets away.").names(&[(0, "None"), (1, "DEFLATE")]);
    EXTENSIONS_LENGTH = dynamic(U16, "tls.handshake.extensions_length", "Extensions length", "Bytes of all extensions.");
    EXTENSION_TYPE = dynamic(U16, "tls.handshake.extension.type", "Extension", "What the extension is about.").names(codes::EXTENSIONS);
    EXTENSION_LEN = dynamic(U16, "tls.handshake.extension.len", "Extension length", "Bytes of this extension.");
    EXTENSION_DATA = dynamic(Kind::Bytes, "tls.handshake.extension.data", "Extension data", "An extension that is not read here.");
    SERVER_NAME_LIST_LEN = dynamic(U16, "tls.handshake.extensions_server_name_list_len", "Server names length", "Bytes of the list of names.");
    SERVER_NAME_TYPE = dynamic(U8, "tls.handshake.extensions_server_name_type", "Server name type", "0: a host name.");
    SERVER_NAME_LEN = dynamic(U16, "tls.handshake.extensions_server_name_len", "Server name length", "Bytes of the name.");
    SERVER_NAME = dynamic(Kind::Text, "tls.handshake.extensions_server_name", "Server name", "Whom the client wants to reach, in the clear for all to see.");
    STATUS_REQUEST_TYPE = dynamic(U8, "tls.handshake.extensions_status_request_type", "Status type", "1: the client asks for proof that the certificate still holds.");
    SUPPORTED_GROUPS_LENGTH = dynamic(U16, "tls.handshake.extensions_supported_groups_length", "Groups length", "Bytes of the list of groups.");
    SUPPORTED_GROUP = dynamic(H16, "tls.handshake.extensions_supported_group", "Supported group", "A curve or a field to agree on keys with.").names(codes::GROUPS);
    EC_POINT_FORMATS_LENGTH = dynamic(U8, "tls.handshake.extensions_ec_point_formats_length", "Point formats length", "Bytes of the list of formats.");
    EC_POINT_FORMAT = dynamic(U8, "tls.handshake.extensions_ec_point_format", "Point format", "How points of a curve are written.");
    SIG_HASH_ALG_LEN = dynamic(U16, "tls.handshake.sig_hash_alg_len", "Signature algorithms length", "Bytes of the list of algorithms.");
    SIG_HASH_ALG = dynamic(H16, "tls.handshake.sig_hash_alg", "Signature algorithm", "A way to sign that the sender can check.").names(codes::SIGNATURES);
    ALPN_LEN = dynamic(U16, "tls.handshake.extensions_alpn_len", "ALPN length", "Bytes of the list of protocols.");
    ALPN_STR_LEN = dynamic(U8, "tls.handshake.extensions_alpn_str_len", "Protocol name length", "Bytes of the protocol's name.");
    ALPN_STR = dynamic(Kind::Text, "tls.handshake.extensions_alpn_str", "Next protocol", "What will be spoken inside: h2 is HTTP/2.");
    SUPPORTED_VERSIONS_LEN = dynamic(U8, "tls.handshake.extensions.supported_versions_len", "Versions length", "Bytes of the list of versions.");
    SUPPORTED_VERSION = dynamic(H16, "tls.handshake.extensions.supported_version", "Supported version", "A version that the client can speak, or the server's choice.").names(codes::VERSIONS);
    PSK_KE_MODES_LENGTH = dynamic(U8, "tls.extension.psk_ke_modes_length", "PSK modes length", "Bytes of the list of modes.");
    PSK_KE_MODE = dynamic(U8, "tls.extension.psk_ke_mode", "PSK mode", "How a shared secret of an earlier session is used.");
    KEY_SHARE_CLIENT_LENGTH = dynamic(U16, "tls.handshake.extensions_key_share_client_length", "Key shares length", "Bytes of all key shares.");
    KEY_SHARE_GROUP = dynamic(U16, "tls.handshake.extensions_key_share_group", "Key share group", "In which group this half of a key lies.").names(codes::GROUPS);
    KEY_SHARE_SELECTED_GROUP = dynamic(U16, "tls.handshake.extensions_key_share_selected_group", "Selected group", "The group that the server would like to use.").names(codes::GROUPS);
    KEY_EXCHANGE_LENGTH = dynamic(U16, "tls.handshake.extensions_key_share_key_exchange_length", "Key exchange length", "Bytes of this half of a key.");
    KEY_EXCHANGE = dynamic(Kind::Bytes, "tls.handshake.extensions_key_share_key_exchange", "Key exchange", "One half of a key; the secret needs both, and a private number.");
    RENEG_INFO_LEN = dynamic(U8, "tls.handshake.extensions_reneg_info_len", "Renegotiation length", "Bytes of what ties a second handshake to the first.");
    RENEG_INFO = dynamic(Kind::Bytes, "tls.handshake.extensions_reneg_info", "Renegotiation info", "Ties a second handshake to the first.");
    CERTIFICATES_LENGTH = dynamic(U24, "tls.handshake.certificates_length", "Certificates length", "Bytes of all certificates.");
    CERTIFICATE_LENGTH = dynamic(U24, "tls.handshake.certificate_length", "Certificate length", "Bytes of this certificate.");
    CERTIFICATE = dynamic(Kind::Bytes, "tls.handshake.certificate", "Certificate", "Who the server is, signed by somebody whom others trust.");
}
