//! Images, sound and documents in a message.

use serde_json::{Map, Value as Json};

/// An image, sound, video or document in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Media {
    /// The kind of media: `image`, `audio`, `video`, or another word.
    pub modality: String,
    /// The MIME type, such as `image/png`, if it is known.
    pub mime_type: Option<String>,
    /// Where it is.
    pub source: MediaSource,
}

/// Where an image, sound, video or document is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaSource {
    /// Within the message, in base64.
    Blob(String),
    /// At this address.
    Uri(String),
    /// With the provider, under this id.
    File(String),
}

impl Media {
    /// Media with the modality of their MIME type: `image`, `audio` or `video`, and else `document`.
    pub fn new(mime_type: Option<String>, source: MediaSource) -> Self {
        let kind = mime_type.as_deref().and_then(|it| it.split('/').next());
        let is_known = |kind: &&str| matches!(*kind, "image" | "audio" | "video");
        let modality = kind.filter(is_known).unwrap_or("document");
        Self { modality: modality.into(), mime_type, source }
    }

    /// Sets another modality.
    #[must_use]
    pub fn modality(mut self, modality: impl Into<String>) -> Self {
        self.modality = modality.into();
        self
    }

    /// The part of a message, by the conventions' schema.
    pub fn to_json(&self) -> Json {
        let (kind, key, value) = match &self.source {
            MediaSource::Blob(base64) => ("blob", "content", base64),
            MediaSource::Uri(uri) => ("uri", "uri", uri),
            MediaSource::File(id) => ("file", "file_id", id),
        };
        let mut object = Map::new();
        object.insert("type".into(), kind.into());
        object.insert("modality".into(), self.modality.clone().into());
        if let Some(mime_type) = &self.mime_type {
            object.insert("mime_type".into(), mime_type.clone().into());
        }
        object.insert(key.into(), value.clone().into());
        object.into()
    }
}
