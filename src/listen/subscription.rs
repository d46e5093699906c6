//! The URLs that may be opened to confirm a subscription.
//!
//! The URL is signed, and yet it is what somebody else wants this machine to fetch: it is opened only if it can be
//! nothing but SMN's own page for this very topic. Nothing here fetches.

use super::{
    admission::{MessageOrigin, SubscriptionChange},
    smn::SmnType,
};
use url::Url;

/// The reason why a subscription is not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnconfirmedReason {
    /// The message does not ask for a confirmation.
    #[error("the message does not ask for it")]
    NotAsked,
    /// Its signature was not verified.
    #[error("its signature was not verified")]
    Unverified,
    /// It has no URL, or none that can be read.
    #[error("it has no subscribe_url that can be read")]
    NoUrl,
    /// The URL is not of HTTPS.
    #[error("its subscribe_url does not begin with https://")]
    NotHttps,
    /// The URL is not one of SMN in the topic's region.
    #[error("its subscribe_url is not at a host of SMN in the topic's region; --allow-host allows others")]
    OtherHost,
    /// The URL confirms something else.
    #[error("its subscribe_url is not for this topic")]
    OtherTopic,
}

/// Domains of Huawei Cloud, in which `smn.REGION` serves a region.
const REGION_DOMAINS: [&str; 3] = ["myhuaweicloud.com", "myhuaweicloud.eu", "huaweicloud.com"];

/// Hosts that serve all regions, and take the region from the URL.
const CONSOLES: [&str; 4] =
    ["console.huaweicloud.com", "console-intl.huaweicloud.com", "console.huaweicloud.eu", "console.eu.huaweicloud.com"];

impl SubscriptionChange {
    /// Returns the URL that confirms the subscription, if it may be opened. `allows` tells the URLs whose host the
    /// operator has allowed, which need not be SMN's; they may be of HTTP.
    pub fn confirmation(&self, allows: impl FnOnce(&Url) -> bool) -> Result<Url, UnconfirmedReason> {
        if self.kind != SmnType::SubscriptionConfirmation {
            return Err(UnconfirmedReason::NotAsked);
        }
        if self.origin != MessageOrigin::Verified {
            return Err(UnconfirmedReason::Unverified);
        }
        let url = self.subscribe_url.as_deref().and_then(|url| Url::parse(url).ok()).ok_or(UnconfirmedReason::NoUrl)?;
        let region = self.topic_urn.split(':').nth(2).unwrap_or_default();
        let value = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let is_allowed = allows(&url);
        if url.scheme() != "https" && !is_allowed {
            return Err(UnconfirmedReason::NotHttps);
        }
        let is_plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        let is_own = url.host_str().is_some_and(|host| is_host_of(host, region));
        let is_trusted = is_allowed || is_plain && is_own;
        if !is_trusted {
            return Err(UnconfirmedReason::OtherHost);
        }
        let is_other = |key: &str, own: &str| value(key).is_some_and(|value| value != own);
        let is_confirmation = url.path().starts_with("/smn/subscription/confirm");
        if !is_confirmation || is_other("topic_urn", &self.topic_urn) || is_other("region_id", region) {
            return Err(UnconfirmedReason::OtherTopic);
        }
        Ok(url)
    }
}

/// Returns whether a host is one of SMN for a region.
fn is_host_of(host: &str, region: &str) -> bool {
    let is_region = !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_region
        && (CONSOLES.contains(&host) || REGION_DOMAINS.iter().any(|domain| host == format!("smn.{region}.{domain}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "urn:smn:cn-north-4:0a1b2c3d4e5f60718293a4b5c6d7e8f9:vod-events";

    fn change(url: &str) -> SubscriptionChange {
        SubscriptionChange {
            kind: SmnType::SubscriptionConfirmation,
            topic_urn: TOPIC.to_owned(),
            subscribe_url: Some(url.to_owned()),
            origin: MessageOrigin::Verified,
        }
    }

    #[test]
    fn only_pages_of_smn_for_the_topic_are_opened() {
        use UnconfirmedReason::{NoUrl, NotHttps, OtherHost, OtherTopic};
        let check = |url: &str, expected: Result<(), UnconfirmedReason>| {
            assert_eq!(change(url).confirmation(|_| false).map(drop), expected, "{url}");
        };
        let query = format!("token=0&topic_urn={TOPIC}&region=cn-north-4&region_id=cn-north-4");
        let path = format!("/smn/subscription/confirm?{query}");
        check(&format!("https://console.huaweicloud.com{path}"), Ok(()));
        check(&format!("https://smn.cn-north-4.myhuaweicloud.com{path}"), Ok(()));
        check(&format!("https://CONSOLE.huaweicloud.com:443{path}"), Ok(()));
        check(&format!("http://console.huaweicloud.com{path}"), Err(NotHttps));
        check(&format!("file://console.huaweicloud.com{path}"), Err(NotHttps));
        for host in [
            "smn.cn-east-2.myhuaweicloud.com",
            "smn.cn-north-4.myhuaweicloud.com.evil.example",
            "evil.example",
            "console.huaweicloud.com.",
            "console.huaweicloud.com@evil.example",
            "user@console.huaweicloud.com",
            "console.huaweicloud.com:8443",
            "169.254.169.254",
            "127.0.0.1:8787",
            "obs.cn-north-4.myhuaweicloud.com",
        ] {
            check(&format!("https://{host}{path}"), Err(OtherHost));
        }
        let host = "https://console.huaweicloud.com";
        check(&format!("{host}/smn/subscription/unsubscribe?{query}"), Err(OtherTopic));
        check(&format!("{host}/smn/../x?{query}"), Err(OtherTopic));
        check(&format!("{host}{}", path.replace("vod-events", "other")), Err(OtherTopic));
        check(&format!("{host}{}", path.replace("region_id=cn-north-4", "region_id=cn-east-2")), Err(OtherTopic));
        check("", Err(NoUrl));
        check("/smn/subscription/confirm", Err(NoUrl));
    }

    #[test]
    fn the_operator_may_allow_another_host() {
        let url = "http://127.0.0.1:8787/smn/subscription/confirm?token=0";
        assert!(change(url).confirmation(|url| url.port() == Some(8787)).is_ok());
        assert_eq!(change(url).confirmation(|_| false), Err(UnconfirmedReason::NotHttps));
    }

    #[test]
    fn a_message_that_may_be_forged_confirms_nothing() {
        let good = change("https://console.huaweicloud.com/smn/subscription/confirm?token=0");
        assert!(good.confirmation(|_| false).is_ok());
        let forged = SubscriptionChange { origin: MessageOrigin::Unknown, ..good.clone() };
        assert_eq!(forged.confirmation(|_| true), Err(UnconfirmedReason::Unverified));
        let other = SubscriptionChange { kind: SmnType::UnsubscribeConfirmation, ..good.clone() };
        assert_eq!(other.confirmation(|_| true), Err(UnconfirmedReason::NotAsked));
        let none = SubscriptionChange { subscribe_url: None, ..good };
        assert_eq!(none.confirmation(|_| true), Err(UnconfirmedReason::NoUrl));
    }
}
