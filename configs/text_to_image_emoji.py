"""Text to image on emoji of 64×64 pixels by their names (GAN-CLS; Reed et al. 2016,
arXiv 1605.05396).

    npm pack emoji-datasource-google@16.0.0
    tar xzf emoji-datasource-google-16.0.0.tgz
    python scripts/caption_emoji.py package
    ganjax train --config=text_to_image_emoji --workdir=runs/emoji
    ganjax sample --workdir=runs/emoji --mode=captions --prompts=docs/gallery/emoji.txt

The 1,911 pictures are npm's ``emoji-datasource-google`` (MIT). A name is unique, so a
generator can only memorise which picture belongs to which name, and no score is
defined. Words and parts of pictures repeat, such as "face", "flag" and "clock". The
networks are as in configs/text_to_image_scenes.py, with one more doubling, and the
cells of 8×8 feature maps attend to the words. The picture in docs/gallery.md was drawn
after 2,414 steps, about 45 minutes on one core beside other work: shapes, hearts and
faces follow their names, clocks all show twelve, and some flags have wrong colours.
"""

from configs import text_to_image_scenes


def get_config():
    config = text_to_image_scenes.get_config()
    config.data = {
        "name": "captioned_images", "dir": "package/img/google/64", "holdout": 0.02,
    }  # fmt: skip
    config.networks.generator.attention = 8
    config.networks.discriminator.attention = 8
    config.options.wrong = "next"
    config.evaluation = {"names": ()}
    return config
